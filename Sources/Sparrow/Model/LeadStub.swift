import SparrowTokenizers
import SparrowFormats
import SparrowCore
extension Checkpoint {
  func tokenizer() throws(SparrowError) -> Tokenizer { Tokenizer() }
  func endTokens(_ t: Tokenizer) throws(SparrowError) -> Set<Int32> { [] }
}
