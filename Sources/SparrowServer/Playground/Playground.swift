internal import CSparrowPlayground

/// The page at `/`: a conversation with the model, dense beside sparse, and a map of what tokens
/// touch.
enum Playground {
  static let answer = ServerAnswer(text: page, type: "text/html; charset=utf-8")

  private static let page: String = {
    var length = 0
    let start = sparrow_playground(&length)
    return String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
  }()
}
