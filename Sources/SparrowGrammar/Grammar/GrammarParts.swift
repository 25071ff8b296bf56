internal import SparrowCore

// What texts and values cost, in parts: a value is one, and so are 32 bytes of its text or names.

extension String {
  var parts: Int { 1 + utf8.count / 32 }
}

extension JSON {
  var parts: Int {
    switch self {
    case .string(let text): text.parts
    case .array(let items): items.reduce(1) { $0 + $1.parts }
    case .object(let members): members.reduce(1) { $0 + $1.key.parts + $1.value.parts }
    default: 1
    }
  }

  /// The parts that are gone through when a pattern is made of the value: what lies in a list is
  /// written again for the list.
  var nestedParts: Int {
    switch self {
    case .array(let items): items.reduce(parts) { $0 + $1.nestedParts }
    case .object(let members): members.reduce(parts) { $0 + $1.value.nestedParts }
    default: parts
    }
  }
}

extension TextGrammar {
  var parts: Int {
    switch self {
    case .jsonSchema(let schema): schema.parts
    case .jsonObject: 1
    case .literal(let text): text.parts
    case .sequence(let parts), .choice(let parts): parts.reduce(1) { $0 + $1.parts }
    case .repeated(let part, _, _): 1 + part.parts
    case .text(let marker, let rest): marker.parts + rest.parts
    }
  }
}
