/// One metadata value; arrays are views on the mapped file.
public enum GGUFValue: Sendable {
  case bool(Bool)
  /// Any integer type.
  case integer(Int)
  /// A 64-bit integer above `Int.max`.
  case large(UInt64)
  /// Either floating-point type.
  case number(Double)
  case string(String)
  case strings(GGUFStrings)
  /// An array of integers, floating-point numbers or booleans.
  case numbers(GGUFNumbers)
  /// An array of arrays.
  case arrays([GGUFValue])

  /// The kind of value for a message, such as "an array of 12 strings".
  public var typeName: String {
    switch self {
    case .bool: "a boolean"
    case .integer, .large: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .strings(let view): "an array of \(view.count) strings"
    case .numbers(let view): "an array of \(view.count) \(view.type) values"
    case .arrays(let arrays): "an array of \(arrays.count) arrays"
    }
  }
}
