import Sparrow
import SparrowCore
import SparrowTokenizers

/// A text's tokens cut into windows of equal length; what is left over at the end is dropped.
struct TextWindows {
  let count: Int
  private let tokens: [Int32]
  private let context: Int
  private let first: Int32?

  /// Throws `.argument` when the text is shorter than two windows, for windows that the model's
  /// context cannot hold, and for a limit below 1.
  init(_ model: Model, text: String, context: Int, limit: Int?) throws(SparrowError) {
    let longest = max(8, model.configuration.contextLength)
    try SparrowError.require(context, in: 8...longest, "context")
    if let limit { try SparrowError.require(limit, in: 1...Int.max, "windows") }
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
