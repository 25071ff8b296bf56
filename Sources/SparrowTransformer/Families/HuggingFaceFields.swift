import SparrowCore

/// Typed, checked reading of a Hugging Face `config.json`.
struct HuggingFaceFields {
  let json: JSON
  let file: String

  func error(_ field: String, found: String, expected: String) -> SparrowError {
    SparrowError(.malformed, file: file, field: field, found: found, expected: expected)
  }

  func unsupported(_ field: String, found: String, expected: String) -> SparrowError {
    SparrowError(.unsupported, file: file, field: field, found: found, expected: expected)
  }

  private func present(_ field: String) -> JSON? {
    guard let value = json[field], !value.isNull else { return nil }
    return value
  }

  /// A count in 1...2^31, or `fallback` when absent.
  func count(_ field: String, _ fallback: Int? = nil) throws(SparrowError) -> Int {
    guard let value = present(field) else {
      guard let fallback else {
        throw error(field, found: "nothing", expected: "a positive integer")
      }
      return fallback
    }
    guard let int = value.int, (1...0x7FFF_FFFF).contains(int) else {
      throw error(field, found: value.text(), expected: "a positive integer")
    }
    return int
  }

  /// As `count`, but nil when absent.
  func optionalCount(_ field: String) throws(SparrowError) -> Int? {
    present(field) == nil ? nil : try count(field)
  }

  func number(_ field: String, _ fallback: Double? = nil) throws(SparrowError) -> Double {
    guard let value = present(field) else {
      guard let fallback else { throw error(field, found: "nothing", expected: "a number") }
      return fallback
    }
    guard let double = value.double, double.isFinite else {
      throw error(field, found: value.text(), expected: "a number")
    }
    return double
  }

  func optionalNumber(_ field: String) throws(SparrowError) -> Double? {
    present(field) == nil ? nil : try number(field)
  }

  func flag(_ field: String, _ fallback: Bool) throws(SparrowError) -> Bool {
    guard let value = present(field) else { return fallback }
    guard let bool = value.bool else {
      throw error(field, found: value.text(), expected: "true or false")
    }
    return bool
  }

  func string(_ field: String, _ fallback: String? = nil) throws(SparrowError) -> String {
    guard let value = present(field) else {
      guard let fallback else { throw error(field, found: "nothing", expected: "a string") }
      return fallback
    }
    guard let string = value.string else {
      throw error(field, found: value.text(), expected: "a string")
    }
    return string
  }

  func strings(_ field: String) throws(SparrowError) -> [String]? {
    guard let value = present(field) else { return nil }
    guard let items = value.array, case let strings = items.compactMap(\.string),
      strings.count == items.count
    else { throw error(field, found: value.text(), expected: "a list of strings") }
    return strings
  }

  func object(_ field: String) throws(SparrowError) -> HuggingFaceFields? {
    guard let value = present(field) else { return nil }
    guard value.members != nil else {
      throw error(field, found: value.text(), expected: "an object")
    }
    return HuggingFaceFields(json: value, file: file)
  }

  /// Refuses a field that is set to anything but `allowed`: Sparrow would compute something else.
  func require(_ field: String, isFalse allowed: Bool = true) throws(SparrowError) {
    if try flag(field, false) == allowed {
      throw unsupported(field, found: "\(allowed)", expected: "\(!allowed)")
    }
  }

  func activation(_ field: String, _ fallback: String) throws(SparrowError) -> Activation {
    let name = try string(field, fallback)
    guard let activation = Activation(checkpointName: name) else {
      throw unsupported(field, found: "'\(name)'", expected: Activation.checkpointNames)
    }
    return activation
  }
}
