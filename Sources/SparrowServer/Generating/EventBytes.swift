import SparrowCore

/// The frame of a stream's chunks: what is the same in all of them is written once.
struct EventBytes: Sendable {
  /// What ends a stream.
  static let done = Array("data: [DONE]\n\n".utf8)
  /// A comment, for those who wait.
  static let ping = Array(": still working\n\n".utf8)

  private let head: [UInt8]
  private let tellsUsage: Bool

  init(id: String, object: String, service: ModelService, created: Int, tellsUsage: Bool) {
    var head = JSONBytes()
    head.raw("data: {\"id\":\"\(id)\",\"object\":\"\(object)\",\"created\":\(created),\"model\":")
    head.string(service.options.name)
    head.raw(",\"system_fingerprint\":\"\(service.fingerprint)\",\"choices\":[")
    self.head = head.bytes
    self.tellsUsage = tellsUsage
  }

  /// One chunk of one choice: `inner` stands before its end.
  func write(
    _ choice: Int, finish: String?, into chunk: inout JSONBytes, sparrow: JSON? = nil,
    _ inner: (inout JSONBytes) -> Void
  ) {
    chunk.raw(head)
    chunk.raw("{\"index\":\(choice),")
    inner(&chunk)
    chunk.raw(finish.map { ",\"finish_reason\":\"\($0)\"}]" } ?? ",\"finish_reason\":null}]")
    if tellsUsage { chunk.raw(",\"usage\":null") }
    if let sparrow {
      chunk.raw(",\"sparrow\":")
      chunk.value(sparrow)
    }
    chunk.raw("}\n\n")
  }

  /// The last chunk, where the client asks for it, and the end.
  func end(_ usage: JSON, into chunk: inout JSONBytes) {
    if tellsUsage {
      chunk.raw(head)
      chunk.raw("],\"usage\":")
      chunk.value(usage)
      chunk.raw("}\n\n")
    }
    chunk.raw(Self.done)
  }

  /// What ends a stream that fails.
  static func failure(_ error: any Error) -> [UInt8] {
    let error = error as? APIError ?? (error as? SparrowError).map { APIError($0) }
    let json = (error ?? APIError(status: 500, "the stream broke")).json
    return Array("data: \(json.text())\n\n".utf8) + done
  }
}
