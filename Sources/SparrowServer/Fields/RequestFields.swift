import SparrowCore

/// The fields of a request's body, read by type and range: what is wrong is refused by its name.
///
/// A field that is null counts as one that is not given, and those that nobody reads are ignored.
struct RequestFields: Sendable {
  let json: JSON
  /// The name of the field that holds these, with a dot; empty for the body's own.
  let path: String

  /// Throws for what is no JSON object.
  init(body: [UInt8]) throws(APIError) {
    do throws(SparrowError) {
      json = try JSON.parse(body)
    } catch {
      throw APIError("the body is no JSON: " + error.description, code: "invalid_json")
    }
    path = ""
    guard json.members != nil else {
      throw APIError("the body is no JSON object", code: "invalid_json")
    }
  }

  init(_ json: JSON, path: String) {
    self.json = json
    self.path = path
  }

  subscript(name: String) -> JSON? {
    guard let value = json[name], !value.isNull else { return nil }
    return value
  }

  /// What is thrown for a field.
  func refusal(_ name: String, _ expected: String) -> APIError {
    let found = self[name].map { " is " + Self.short($0) } ?? " is missing"
    return APIError(path + name + found + "; expected " + expected, parameter: path + name)
  }

  private static func short(_ json: JSON) -> String {
    let text = json.text()
    return text.utf8.count <= 60 ? text : text.prefix(40) + "…"
  }

  private func read<T>(
    _ name: String, _ expected: String, _ convert: (JSON) -> T?
  ) throws(APIError) -> T? {
    guard let value = self[name] else { return nil }
    guard let result = convert(value) else { throw refusal(name, expected) }
    return result
  }

  func int(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    try read(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
      $0.int.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Float? {
    try read(name, "a number from \(range.lowerBound) to \(range.upperBound)") {
      $0.double.flatMap { range.contains($0) ? Float($0) : nil }
    }
  }

  func bool(_ name: String, default usual: Bool = false) throws(APIError) -> Bool {
    try read(name, "true or false", \.bool) ?? usual
  }

  func text(_ name: String) throws(APIError) -> String? { try read(name, "a text", \.string) }

  func list(_ name: String) throws(APIError) -> [JSON]? { try read(name, "a list", \.array) }

  func object(_ name: String) throws(APIError) -> RequestFields? {
    try read(name, "an object") {
      $0.members == nil ? nil : RequestFields($0, path: path + name + ".")
    }
  }

  func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type = Word.self
  ) throws(APIError) -> Word? {
    let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
    return try read(name, "one of " + known) { $0.string.flatMap { Word(rawValue: $0) } }
  }

  /// One text or a list of them.
  func texts(_ name: String, most: Int) throws(APIError) -> [String] {
    let texts: [String]? = try read(name, "a text, or a list of up to \(most) texts") { value in
      if let text = value.string { return [text] }
      guard let items = value.array, items.count <= most else { return nil }
      let texts = items.compactMap(\.string)
      return texts.count == items.count ? texts : nil
    }
    return texts ?? []
  }
}
