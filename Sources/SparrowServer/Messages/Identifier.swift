/// Names of requests, answers and calls.
enum Identifier {
  private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

  /// A prefix and 24 random letters. Prefixes end as OpenAI's do, for clients that look at them.
  static func make(_ prefix: String) -> String {
    let tail = (0..<24).map { _ in letters[Int.random(in: 0..<letters.count)] }
    return prefix + String(decoding: tail, as: UTF8.self)
  }

  /// A name that a client gave, where it is one: up to 128 printable letters of ASCII.
  static func given(_ text: String?) -> String? {
    guard let text, (1...128).contains(text.utf8.count) else { return nil }
    return text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
  }
}
