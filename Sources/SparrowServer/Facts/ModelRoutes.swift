import Sparrow

/// `/v1/models`: the one model, and where it has a plan by two more names, which choose it.
struct ModelRoutes: Sendable {
  let service: ModelService

  private func model(_ name: String) -> JSON {
    [
      "id": .string(name), "object": "model",
      "created": .integer(service.started), "owned_by": "sparrow",
      "max_model_len": .integer(service.scheduler.context),
    ]
  }

  private var names: [String] {
    let name = service.options.name
    return [name] + (service.model.isSparse ? PlanChoice.allCases.map { $0.name(of: name) } : [])
  }

  var list: ServerAnswer {
    ServerAnswer(["object": "list", "data": .array(names.map { model($0) })])
  }

  /// The model of a name, which may be percent-encoded.
  func find(_ name: String) throws(APIError) -> ServerAnswer {
    let name = percentDecoded(name)
    guard names.contains(name) else {
      throw APIError(
        status: 404, "there is no model of this name; there is \(service.options.name)",
        parameter: "model", code: "model_not_found")
    }
    return ServerAnswer(model(name))
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
