/// What a route answers.
struct ServerAnswer: Sendable {
  var status = 200
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  init(status: Int = 200, text: String, type: String) {
    self.status = status
    headers = [("Content-Type", type)]
    body = Array(text.utf8)
  }
}
