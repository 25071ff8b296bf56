import SparrowTokenizers

extension Tokenizer {
  /// The token that a model's own documents begin with; nil where none is known.
  ///
  /// The start token where texts get one, or what parted documents in pretraining. That need not be the end
  /// token: a chat model's ends a turn.
  var documentBoundary: Int32? {
    if addsBOS, let bos { return bos }
    let ids = encode("<|endoftext|>", addSpecial: false, parseSpecial: true)
    // GPT-2's own file says that it is the token for the unknown.
    let isOne = ids.count == 1 && [.control, .unknown].contains(kind(of: ids[0]))
    return isOne ? ids[0] : eos
  }
}
