internal import SparrowCore

/// Kinds of JSON values. A `number` of JSON Schema is an integer or a fraction.
struct JSONKinds: OptionSet, Sendable {
  let rawValue: UInt8

  static let null = JSONKinds(rawValue: 1)
  static let boolean = JSONKinds(rawValue: 2)
  static let integer = JSONKinds(rawValue: 4)
  static let fraction = JSONKinds(rawValue: 8)
  static let string = JSONKinds(rawValue: 16)
  static let array = JSONKinds(rawValue: 32)
  static let object = JSONKinds(rawValue: 64)
  static let number: JSONKinds = [.integer, .fraction]
  static let all: JSONKinds = [.null, .boolean, .number, .string, .array, .object]

  /// The kinds of a name in `type`; nil for other names.
  init?(named name: String) {
    switch name {
    case "null": self = .null
    case "boolean": self = .boolean
    case "integer": self = .integer
    case "number": self = .number
    case "string": self = .string
    case "array": self = .array
    case "object": self = .object
    default: return nil
    }
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The kind of a value.
  init(of value: JSON) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .integer: self = .integer
    case .number: self = value.int == nil ? .fraction : .integer
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }
}
