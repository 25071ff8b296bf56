/// How text is cut into words before merging; no token crosses a cut.
public enum Splitting: Sendable, Equatable {
  /// Anywhere that no token of the vocabulary spans, which changes nothing but the speed.
  case unspanned
  /// The same, and before every space.
  case spaces
  /// GPT-2's expression, after each digit has become a word of its own where `singleDigits`.
  case gpt2(singleDigits: Bool)
  /// Llama 3's expression and its children: at most `digits` digits a word; combining marks are
  /// letters where `marks`.
  case llama3(digits: Int, marks: Bool)

  /// The rule that a regular expression of a `tokenizer.json` spells out.
  init?(expression: String) {
    if expression == Self.gpt2Expression {
      self = .gpt2(singleDigits: false)
      return
    }
    for (digits, marks) in [(3, false), (1, false), (1, true)]
    where expression == Self.expression(digits: digits, marks: marks) {
      self = .llama3(digits: digits, marks: marks)
      return
    }
    return nil
  }

  private static let gpt2Expression =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

  /// The expression of `.llama3`.
  static func expression(digits: Int, marks: Bool) -> String {
    let mark = marks ? "\\p{M}" : ""
    let letters = marks ? "[\\p{L}\\p{M}]+" : "\\p{L}+"
    let numbers = digits == 1 ? "\\p{N}" : "\\p{N}{1,\(digits)}"
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\(letters)|\(numbers)"
      + "| ?[^\\s\\p{L}\(mark)\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  }
}
