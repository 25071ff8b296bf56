internal import CSparrowPlayground

/// The page at `/`: a conversation with the model, dense beside sparse, and a map of what tokens
/// touch.
enum Playground {
  static let answer = ServerAnswer(type: "text/html; charset=utf-8", page)

  private static let page: [UInt8] = {
    var length = 0
    let start = sparrow_playground(&length)
    return Array(UnsafeBufferPointer(start: start, count: length))
  }()
}
