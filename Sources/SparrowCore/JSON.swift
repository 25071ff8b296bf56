/// A JSON value. Objects keep their order and their duplicate keys, so that a reader can refuse
/// them.
///
/// Own code, because `JSONDecoder` on Linux takes 0.25 s for a 9 MB `tokenizer.json` and merges
/// vocabulary keys that are canonically equivalent in Unicode.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON)])

  /// The last member named `key`, which Python's json takes too; nil when there is none or this is
  /// no object.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// Keys that an object, or an object in it, holds more than once, each once.
  public var repeatedKeys: [String] {
    var seen: Set<[UInt8]> = []
    var repeated: [String] = []
    for (key, value) in members ?? [] {
      if !seen.insert(Array(key.utf8)).inserted, !repeated.contains(key) { repeated.append(key) }
      repeated += value.repeatedKeys.filter { !repeated.contains($0) }
    }
    return repeated
  }

  public var string: String? { if case .string(let s) = self { s } else { nil } }
  public var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
  public var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
  public var members: [(key: String, value: JSON)]? {
    if case .object(let o) = self { o } else { nil }
  }
  public var isNull: Bool { if case .null = self { true } else { false } }

  /// An integer, or a number with an integral value.
  public var int: Int? {
    switch self {
    case .integer(let i): i
    case .number(let d): Int(exactly: d)
    default: nil
    }
  }

  public var double: Double? {
    switch self {
    case .integer(let i): Double(i)
    case .number(let d): d
    default: nil
    }
  }

  public static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)):
      x.count == y.count
        && zip(x, y).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
    default:
      if let x = a.double, let y = b.double { x == y } else { false }
    }
  }
}
