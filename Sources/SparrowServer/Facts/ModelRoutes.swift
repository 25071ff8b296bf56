import Sparrow

/// `/v1/models`.
struct ModelRoutes: Sendable {
  let service: ModelService

  private var model: JSON {
    [
      "id": .string(service.options.name), "object": "model",
      "created": .integer(service.started), "owned_by": "sparrow",
      "max_model_len": .integer(service.scheduler.context),
    ]
  }

  var list: ServerAnswer { ServerAnswer(["object": "list", "data": [model]]) }

  /// The model of a name, which may be percent-encoded.
  func find(_ name: String) throws(APIError) -> ServerAnswer {
    guard percentDecoded(name) == service.options.name else {
      throw APIError(
        status: 404, "there is no model of this name; there is \(service.options.name)",
        parameter: "model", code: "model_not_found")
    }
    return ServerAnswer(model)
  }

  private func percentDecoded(_ name: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(name.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
