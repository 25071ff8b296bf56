import Sparrow
import SparrowCore
import SparrowTokenizers

/// A text's tokens cut into windows of equal length; what is left over at the end is dropped.
struct TextWindows {
  let count: Int
  private let tokens: [Int32]
  private let context: Int
  private let first: Int32?

  /// Throws `.argument` when the text is shorter than two windows.
  init(_ model: Model, text: String, context: Int, limit: Int?) throws(SparrowError) {
    guard context >= 8 else {
      throw SparrowError(
        .argument, field: "context", found: "\(context)", expected: "at least 8 tokens")
    }
    tokens = model.tokenizer.encode(text, addSpecial: true, parseSpecial: false)
    guard tokens.count >= 2 * context else {
      throw SparrowError(
        .argument, field: "text", found: "\(tokens.count) tokens",
        expected: "at least two windows of \(context)")
    }
    self.context = context
    first = model.tokenizer.addsBOS ? model.tokenizer.bos : nil
    count = min(tokens.count / context, limit ?? .max)
  }

  /// One window; its first token is the model's own first token where it has one.
  subscript(index: Int) -> [Int32] {
    var window = Array(tokens[index * context..<(index + 1) * context])
    if let first { window[0] = first }
    return window
  }
}
