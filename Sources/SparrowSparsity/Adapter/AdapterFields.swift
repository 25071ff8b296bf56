internal import SparrowCore

/// The members of one object of `adapter.json`; every error names the file and the field.
struct AdapterFields {
  let file: String
  private let json: JSON
  /// The path of this object, with a dot at its end; empty for the outermost.
  private let prefix: String
  /// Objects of a list at most.
  static let longestList = 1000

  init(_ json: JSON, file: String, prefix: String = "") throws(SparrowError) {
    guard json.members != nil else {
      throw SparrowError(
        .malformed, file: file, field: String(prefix.dropLast()), found: "no object",
        expected: "a JSON object")
    }
    self.json = json
    self.file = file
    self.prefix = prefix
  }

  func missing(_ name: String) -> SparrowError { refuse(name, "nothing", "a value") }

  /// A word that this version does not know.
  func unknown(_ name: String, _ found: String, _ expected: String) -> SparrowError {
    SparrowError(
      .unsupported, file: file, field: prefix + name,
      found: String(found.prefix(80)).debugDescription, expected: expected)
  }

  /// A member that is an object; nil when there is none or it is null. Errors call it `path` where
  /// given.
  func object(_ name: String, path: String? = nil) throws(SparrowError) -> AdapterFields? {
    guard let value = try member(name), !value.isNull else { return nil }
    return try AdapterFields(value, file: file, prefix: (path ?? prefix + name) + ".")
  }

  /// A member that is a list of objects.
  func list(_ name: String) throws(SparrowError) -> [AdapterFields] {
    let values = try required(name)
    guard let items = values.array, items.count <= Self.longestList else {
      throw refuse(name, "no list", "a list of at most \(Self.longestList) objects")
    }
    var fields: [AdapterFields] = []
    for item in items {
      fields.append(try AdapterFields(item, file: file, prefix: prefix + name + "."))
    }
    return fields
  }

  /// A list of objects; empty when there is none.
  func optionalList(_ name: String) throws(SparrowError) -> [AdapterFields] {
    guard let value = try member(name), !value.isNull else { return [] }
    return try list(name)
  }

  func optionalString(_ name: String) throws(SparrowError) -> String? {
    guard let value = try member(name), !value.isNull else { return nil }
    return try string(name)
  }

  func optionalFloat(_ name: String) throws(SparrowError) -> Float? {
    guard let value = try member(name), !value.isNull else { return nil }
    return try float(name)
  }

  func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(SparrowError) -> Int? {
    guard let value = try member(name), !value.isNull else { return nil }
    return try integer(name, in: range)
  }

  /// False when there is none.
  func optionalFlag(_ name: String) throws(SparrowError) -> Bool {
    guard let value = try member(name), !value.isNull else { return false }
    guard let flag = value.bool else { throw refuse(name, "no flag", "true or false") }
    return flag
  }

  func string(_ name: String) throws(SparrowError) -> String {
    guard let value = try required(name).string else { throw refuse(name, "no string", "a string") }
    return value
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(SparrowError) -> Int {
    let value = try required(name)
    guard let number = value.int, range.contains(number) else {
      throw refuse(
        name, String(value.text().prefix(40)), "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func float(_ name: String) throws(SparrowError) -> Float {
    let value = try required(name)
    guard let number = value.double.map({ Float($0) }), number.isFinite else {
      throw refuse(name, String(value.text().prefix(40)), "a number")
    }
    return number
  }

  private func required(_ name: String) throws(SparrowError) -> JSON {
    guard let value = try member(name) else { throw missing(name) }
    return value
  }

  private func member(_ name: String) throws(SparrowError) -> JSON? {
    let found = (json.members ?? []).filter { $0.key.utf8.elementsEqual(name.utf8) }
    guard found.count <= 1 else { throw refuse(name, "\(found.count) values", "one") }
    return found.first?.value
  }

  private func refuse(_ name: String, _ found: String, _ expected: String) -> SparrowError {
    SparrowError(.malformed, file: file, field: prefix + name, found: found, expected: expected)
  }
}
