import SparrowCore

/// Typed, checked reading of a Hugging Face `config.json`: fields that it leaves out are the
/// class's defaults.
struct HuggingFaceFields {
  let json: JSON
  let file: String
  /// Whose class reads them; nil for an object inside, which has no defaults of its own.
  var family: HuggingFaceFamily?

  func error(_ field: String, found: String, expected: String) -> SparrowError {
    SparrowError(.malformed, file: file, field: field, found: found, expected: expected)
  }

  func unsupported(_ field: String, found: String, expected: String) -> SparrowError {
    SparrowError(.unsupported, file: file, field: field, found: found, expected: expected)
  }

  /// nil where the field is null, or left out and the class makes it of others.
  private func present(_ field: String) -> JSON? {
    assert(family?.reads.contains(field) ?? true, "\(field) is not in the family's table")
    guard let value = json[field] ?? family?.defaults[field], !value.isNull else { return nil }
    return value
  }

  /// A count in 1...2^31. `fallback` is what the class makes of null.
  func count(_ field: String, _ fallback: Int? = nil) throws(SparrowError) -> Int {
    guard let value = present(field) else {
      guard let fallback else {
        throw error(field, found: "nothing", expected: "a positive integer")
      }
      return fallback
    }
    guard let int = value.int, (1...0x7FFF_FFFF).contains(int) else {
      throw error(field, found: value.brief, expected: "a positive integer")
    }
    return int
  }

  /// As `count`, but nil when absent.
  func optionalCount(_ field: String) throws(SparrowError) -> Int? {
    present(field) == nil ? nil : try count(field)
  }

  /// Any integer; nil when absent.
  func optionalInteger(_ field: String) throws(SparrowError) -> Int? {
    guard let value = present(field) else { return nil }
    guard let int = value.int else {
      throw error(field, found: value.brief, expected: "an integer")
    }
    return int
  }

  func number(_ field: String, _ fallback: Double? = nil) throws(SparrowError) -> Double {
    guard let value = present(field) else {
      guard let fallback else { throw error(field, found: "nothing", expected: "a number") }
      return fallback
    }
    guard let double = value.double, double.isFinite else {
      throw error(field, found: value.brief, expected: "a number")
    }
    return double
  }

  func optionalNumber(_ field: String) throws(SparrowError) -> Double? {
    present(field) == nil ? nil : try number(field)
  }

  func flag(_ field: String, _ fallback: Bool = false) throws(SparrowError) -> Bool {
    guard let value = present(field) else { return fallback }
    guard let bool = value.bool else {
      throw error(field, found: value.brief, expected: "true or false")
    }
    return bool
  }

  func string(_ field: String, _ fallback: String? = nil) throws(SparrowError) -> String {
    guard let value = present(field) else {
      guard let fallback else { throw error(field, found: "nothing", expected: "a string") }
      return fallback
    }
    guard let string = value.string else {
      throw error(field, found: value.brief, expected: "a string")
    }
    return string
  }

  func strings(_ field: String) throws(SparrowError) -> [String]? {
    guard let value = present(field) else { return nil }
    guard let items = value.array, case let strings = items.compactMap(\.string),
      strings.count == items.count
    else { throw error(field, found: value.brief, expected: "a list of strings") }
    return strings
  }

  func numbers(_ field: String) throws(SparrowError) -> [Double]? {
    guard let value = present(field) else { return nil }
    guard let items = value.array, case let numbers = items.compactMap(\.double),
      numbers.count == items.count, numbers.allSatisfy(\.isFinite)
    else { throw error(field, found: value.brief, expected: "a list of numbers") }
    return numbers
  }

  /// An object inside, read by the class of `family` if that has one of its own.
  func object(
    _ field: String, of family: HuggingFaceFamily? = nil
  ) throws(SparrowError) -> HuggingFaceFields? {
    guard let value = present(field) else { return nil }
    guard value.members != nil else {
      throw error(field, found: value.brief, expected: "an object")
    }
    return HuggingFaceFields(json: value, file: file, family: family)
  }

  func activation(_ field: String) throws(SparrowError) -> Activation {
    let name = try string(field)
    guard let activation = Activation(checkpointName: name) else {
      throw unsupported(field, found: "'\(name)'", expected: Activation.checkpointNames)
    }
    return activation
  }
}
