public import SparrowCore

/// The metadata of a GGUF file: keys in file order, with typed access.
///
/// The typed accessors throw `.malformed` for a missing key and `.mismatch` for another type,
/// naming the file, the key, what was found and what was expected.
public struct GGUFMetadata: Sendable {
  /// The file, for messages.
  public let file: String
  private let entries: [(key: String, value: GGUFValue)]
  /// Where each entry lies in the file, key and value.
  let ranges: [Range<Int>]
  private let index: [NameKey: Int]

  init(
    file: String, entries: [(key: String, value: GGUFValue)], ranges: [Range<Int>],
    index: [NameKey: Int]
  ) {
    self.file = file
    self.entries = entries
    self.ranges = ranges
    self.index = index
  }

  public var keys: [String] { entries.map(\.key) }

  public subscript(key: String) -> GGUFValue? {
    index[NameKey(key)].map { entries[$0].value }
  }

  public func int(_ key: String) throws(SparrowError) -> Int {
    let value = try value(key, expected: "an integer")
    if case .integer(let integer) = value { return integer }
    throw mismatch(key, value, "an integer")
  }

  /// The integer, or `fallback` where the key is missing; another type still throws.
  public func int(_ key: String, default fallback: Int) throws(SparrowError) -> Int {
    self[key] == nil ? fallback : try int(key)
  }

  /// A number; an integer is taken too.
  public func double(_ key: String) throws(SparrowError) -> Double {
    let value = try value(key, expected: "a number")
    switch value {
    case .number(let number): return number
    case .integer(let integer): return Double(integer)
    default: throw mismatch(key, value, "a number")
    }
  }

  /// The number, or `fallback` where the key is missing; another type still throws.
  public func double(_ key: String, default fallback: Double) throws(SparrowError) -> Double {
    self[key] == nil ? fallback : try double(key)
  }

  public func bool(_ key: String) throws(SparrowError) -> Bool {
    let value = try value(key, expected: "a boolean")
    if case .bool(let bool) = value { return bool }
    throw mismatch(key, value, "a boolean")
  }

  /// The boolean, or `fallback` where the key is missing; another type still throws.
  public func bool(_ key: String, default fallback: Bool) throws(SparrowError) -> Bool {
    self[key] == nil ? fallback : try bool(key)
  }

  public func string(_ key: String) throws(SparrowError) -> String {
    let value = try value(key, expected: "a string")
    if case .string(let string) = value { return string }
    throw mismatch(key, value, "a string")
  }

  /// The string, or `fallback` where the key is missing; another type still throws.
  public func string(_ key: String, default fallback: String) throws(SparrowError) -> String {
    self[key] == nil ? fallback : try string(key)
  }

  /// An array of strings as a view on the map, no copy.
  public func strings(_ key: String) throws(SparrowError) -> GGUFStrings {
    let value = try value(key, expected: "an array of strings")
    if case .strings(let view) = value { return view }
    throw mismatch(key, value, "an array of strings")
  }

  /// An array of numbers, copied as `Float`.
  public func floats(_ key: String) throws(SparrowError) -> [Float] {
    let value = try value(key, expected: "an array of numbers")
    guard case .numbers(let view) = value, view.type != .bool else {
      throw mismatch(key, value, "an array of numbers")
    }
    return (0..<view.count).map { Float(view.double(at: $0)) }
  }

  /// An array of integers or booleans (0 and 1), copied as `Int`.
  public func ints(_ key: String) throws(SparrowError) -> [Int] {
    let value = try value(key, expected: "an array of integers")
    guard case .numbers(let view) = value else {
      throw mismatch(key, value, "an array of integers")
    }
    var integers: [Int] = []
    integers.reserveCapacity(view.count)
    for index in 0..<view.count {
      guard let integer = view.int(at: index) else {
        throw mismatch(key, value, "an array of integers under 2^63")
      }
      integers.append(integer)
    }
    return integers
  }

  private func value(_ key: String, expected: String) throws(SparrowError) -> GGUFValue {
    guard let value = self[key] else {
      throw SparrowError(
        .malformed, file: file, field: key, found: "no such metadata", expected: expected)
    }
    return value
  }

  private func mismatch(_ key: String, _ value: GGUFValue, _ expected: String) -> SparrowError {
    SparrowError(.mismatch, file: file, field: key, found: value.typeName, expected: expected)
  }
}
