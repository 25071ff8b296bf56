import SparrowCore

/// Draws schemas of all that is known.
struct RandomSchema {
  var random: SeededRandom

  private static let names = ["name", "age", "größe", "日付", "a/b", "quote\"d", "x", "id"]
  private static let patterns = [
    "^[A-Z][a-z]{2,8}$", "^(red|green|blue)$", "^[0-9]{3}-\\d{4}$", "[0-9]+", "^.{1,5}$",
    "(one|two)+three", "^\\S+ \\S$", "^[^\"a-z]*$",
  ]

  mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  private mutating func one<T>(of items: [T]) -> T { items[below(items.count)] }

  /// A document: sometimes with definitions that recur, merging, or branches told apart.
  mutating func document() -> JSON {
    switch below(10) {
    case 0:
      let node = object(2, ["below": ["type": "array", "items": ["$ref": "#/$defs/node"]]])
      return ["$defs": ["node": node], "$ref": "#/$defs/node"]
    case 1:
      return ["type": "object", "allOf": .array((0..<2).map { _ in merging() })]
    case 2:
      let branches = ["circle", "line"].map { name in
        object(1, ["shape": ["const": .string(name)]], isRequired: true)
      }
      return ["oneOf": .array(branches)]
    case 3, 4: return combination()
    default: return schema(3)
    }
  }

  /// Branches of which some name no type, and a type beside them at times.
  mutating func combination() -> JSON {
    let key = one(of: ["anyOf", "oneOf", "oneOf", "allOf"])
    let branches = (0..<1 + below(3)).map { _ in below(3) == 0 ? scalar() : untyped() }
    var members: [(key: String, value: JSON)] = [(key, .array(branches))]
    if below(2) == 0 { members.append(("type", one(of: Self.types))) }
    return .object(members)
  }

  private static let types: [JSON] = [
    "string", "number", "object", "array", ["string", "number"], ["object", "null", "integer"],
  ]

  /// Keywords that speak of some kinds and say nothing of others.
  private mutating func untyped() -> JSON {
    let name = one(of: Self.names)
    switch below(9) {
    case 0: return ["minimum": .integer(below(9))]
    case 1: return ["maxLength": .integer(below(9))]
    case 2: return ["enum": [.integer(below(3)), "two", .null]]
    case 3: return ["const": one(of: ["two", 1, true])]
    case 4: return ["required": [.string(name)]]
    case 5:
      let value = one(of: ["a", "b"] as [JSON])
      return ["properties": ["kind": ["const": value]], "required": ["kind"]]
    case 6: return ["items": untyped(), "maxItems": 3]
    case 7: return ["properties": [name: untyped()], "additionalProperties": false]
    default: return ["minLength": .integer(below(3)), "maximum": .integer(below(9))]
    }
  }

  private mutating func merging() -> JSON {
    ["properties": [one(of: Self.names): ["maxLength": .integer(below(9))]], "required": ["x"]]
  }

  mutating func schema(_ depth: Int) -> JSON {
    switch depth > 0 ? below(8) : 0 {
    case 0, 1: return scalar()
    case 2:
      let least = below(3)
      return [
        "type": "array", "items": schema(depth - 1), "minItems": .integer(least),
        "maxItems": .integer(least + below(4)),
      ]
    case 3:
      return [
        "type": "array", "prefixItems": [schema(depth - 1), schema(depth - 1)],
        "items": schema(0), "minItems": .integer(below(3)),
      ]
    case 4: return ["anyOf": [schema(depth - 1), schema(depth - 1)]]
    default: return object(depth)
    }
  }

  private mutating func object(
    _ depth: Int, _ first: JSON = [:], isRequired: Bool = false
  ) -> JSON {
    var members = first.members ?? []
    var required = isRequired ? members.map { JSON.string($0.key) } : []
    for name in Self.names where below(3) == 0 {
      members.append((name, schema(depth - 1)))
      if below(2) == 0 { required.append(.string(name)) }
    }
    var object: [(key: String, value: JSON)] = [
      ("type", "object"), ("properties", .object(members)), ("required", .array(required)),
    ]
    if below(2) == 0 { object.append(("additionalProperties", one(of: [false, schema(0)]))) }
    return .object(object)
  }

  private mutating func scalar() -> JSON {
    let low = below(200) - 100
    switch below(11) {
    case 0: return ["type": "boolean"]
    case 1: return ["type": .array(["integer", "null"])]
    case 2:
      return [
        "type": "integer", "minimum": .integer(low), "exclusiveMaximum": .integer(low + 150),
      ]
    case 3: return ["type": "number", "exclusiveMinimum": -1.5, "maximum": 12.25]
    case 4: return ["enum": [1, "two", [3], ["four": 4], true, 2.5]]
    case 5: return ["const": "é\n\""]
    case 6:
      let least = below(4)
      return [
        "type": "string", "minLength": .integer(least), "maxLength": .integer(least + below(9)),
      ]
    case 7: return ["type": "string", "pattern": .string(one(of: Self.patterns))]
    case 8: return ["type": "integer", "multipleOf": .integer(1 + below(20)), "minimum": 0]
    case 9: return ["type": "number"]
    default: return ["type": "string"]
    }
  }

  /// A schema with some of its parts replaced by parts of another, or by values at the edges.
  mutating func damaged(_ json: JSON, with donor: JSON) -> JSON {
    let edges: [JSON] = [
      .null, true, false, 0, -1, 1.5, 1e300, 9_223_372_036_854_775_807, "", "#", "#/properties",
      "[", "(a|b)*{2}", [], [:], ["type": "array", "items": ["$ref": "#"]], ["integer", "x"],
    ]
    if below(12) == 0 { return below(2) == 0 ? one(of: edges) : part(of: donor) }
    switch json {
    case .array(let items): return .array(items.map { damaged($0, with: donor) })
    case .object(let members):
      let keys = [
        "not", "minItems", "enum", "items", "required", "$ref", "anyOf", "const", "pattern",
      ]
      return .object(
        members.map { key, value in
          (below(20) == 0 ? one(of: keys) : key, damaged(value, with: donor))
        })
    default: return json
    }
  }

  private mutating func part(of json: JSON) -> JSON {
    let parts = json.array ?? json.members?.map(\.value) ?? []
    return parts.isEmpty || below(3) == 0 ? json : part(of: one(of: parts))
  }
}
