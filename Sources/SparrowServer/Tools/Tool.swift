import Sparrow

/// A function that a model may call.
struct Tool: Sendable {
  let name: String
  /// A schema that only objects satisfy.
  let parameters: JSON
  /// As chats have it, which is what templates take.
  let json: JSON

  /// A name as OpenAI has it.
  private static func isName(_ name: String) -> Bool {
    let isWord = name.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
      default: false
      }
    }
    return isWord && (1...64).contains(name.utf8.count)
  }

  /// Reads a tool; chats have the function inside it, responses have its fields beside the type.
  init(_ fields: RequestFields) throws(APIError) {
    guard try fields.text("type") == "function" else {
      throw fields.refusal("type", "function")
    }
    let function = try fields.object("function") ?? fields
    guard let name = try function.text("name"), Self.isName(name) else {
      throw function.refusal("name", "up to 64 letters, digits, '_', '-' and '.'")
    }
    self.name = name
    let given = try function.object("parameters")
    parameters = try given.map(Self.objects) ?? ["type": "object", "properties": [:]]
    json = [
      "type": "function",
      "function": [
        "name": .string(name), "description": .string(try function.text("description") ?? ""),
        "parameters": given?.json ?? parameters,
      ],
    ]
  }

  /// A schema without what is no object: arguments are one, also where a request leaves that open.
  private static func objects(_ schema: RequestFields) throws(APIError) -> JSON {
    let type = schema["type"] ?? "object"
    guard (type.array ?? [type]).contains("object") else {
      throw schema.refusal("type", "object")
    }
    let others = (schema.json.members ?? []).filter { $0.key != "type" }
    return .object([("type", "object")] + others)
  }
}
