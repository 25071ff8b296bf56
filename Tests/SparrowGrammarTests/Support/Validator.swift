import SparrowCore

/// Whether a value satisfies a schema, straight from the words of JSON Schema and without thought
/// for speed; formats are left out.
struct Validator {
  let root: JSON

  func isValid(_ value: JSON, _ schema: JSON) throws -> Bool {
    if let flag = schema.bool { return flag }
    if let name = schema["$ref"]?.string, try !isValid(value, resolve(name)) { return false }
    if let list = schema["enum"]?.array, !list.contains(value) { return false }
    if let given = schema["const"], given != value { return false }
    if let types = schema["type"].map({ $0.array ?? [$0] }) {
      guard types.contains(where: { isKind(value, $0.string ?? "") }) else { return false }
    }
    for part in schema["allOf"]?.array ?? [] where try !isValid(value, part) { return false }
    if let parts = schema["anyOf"]?.array {
      guard try parts.contains(where: { try isValid(value, $0) }) else { return false }
    }
    if let parts = schema["oneOf"]?.array {
      guard try parts.filter({ try isValid(value, $0) }).count == 1 else { return false }
    }
    switch value {
    case .integer, .number: return isNumber(value.double!, schema)
    case .string(let text): return try isText(text, schema)
    case .array(let items): return try areItems(items, schema)
    case .object(let members): return try areMembers(members, schema)
    default: return true
    }
  }

  private func resolve(_ name: String) -> JSON {
    name.split(separator: "/").dropFirst().reduce(root) { node, part in
      node.array.map { $0[Int(part)!] } ?? node[String(part)]!
    }
  }

  private func isKind(_ value: JSON, _ name: String) -> Bool {
    switch (name, value) {
    case ("null", .null), ("boolean", .bool), ("number", .integer), ("number", .number),
      ("string", .string), ("array", .array), ("object", .object):
      true
    case ("integer", _): value.string == nil && value.int != nil
    default: false
    }
  }

  private func isNumber(_ number: Double, _ schema: JSON) -> Bool {
    if let least = schema["minimum"]?.double, number < least { return false }
    if let most = schema["maximum"]?.double, number > most { return false }
    if let least = schema["exclusiveMinimum"]?.double, number <= least { return false }
    if let most = schema["exclusiveMaximum"]?.double, number >= most { return false }
    if let unit = schema["multipleOf"]?.double {
      return number.truncatingRemainder(dividingBy: unit) == 0
    }
    return true
  }

  private func isText(_ text: String, _ schema: JSON) throws -> Bool {
    let count = text.unicodeScalars.count
    if let least = schema["minLength"]?.int, count < least { return false }
    if let most = schema["maxLength"]?.int, count > most { return false }
    guard let pattern = schema["pattern"]?.string else { return true }
    let expression = try Regex(pattern).matchingSemantics(.unicodeScalar)
    return try expression.firstMatch(in: text) != nil
  }

  private func areItems(_ items: [JSON], _ schema: JSON) throws -> Bool {
    if let least = schema["minItems"]?.int, items.count < least { return false }
    if let most = schema["maxItems"]?.int, items.count > most { return false }
    let first = schema["prefixItems"]?.array ?? []
    for (index, item) in items.enumerated() {
      let own = index < first.count ? first[index] : schema["items"] ?? true
      guard try isValid(item, own) else { return false }
    }
    return true
  }

  private func areMembers(_ members: [(key: String, value: JSON)], _ schema: JSON) throws -> Bool {
    for name in schema["required"]?.array ?? [] {
      let key = name.string!
      guard members.contains(where: { $0.key.utf8.elementsEqual(key.utf8) }) else { return false }
    }
    for member in members {
      let own = schema["properties"]?[member.key] ?? schema["additionalProperties"] ?? true
      guard try isValid(member.value, own) else { return false }
    }
    return true
  }
}
