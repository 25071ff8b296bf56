internal import SparrowCore

/// A schema inside a document, with its JSON pointer.
struct SchemaNode: Sendable {
  let json: JSON
  /// `#` and the way from the root (RFC 6901).
  let pointer: String

  /// The node of a member, with its name escaped.
  func child(_ key: String, _ json: JSON) -> SchemaNode {
    var escaped = ""
    for scalar in key.unicodeScalars {
      switch scalar {
      case "~": escaped += "~0"
      case "/": escaped += "~1"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return SchemaNode(json: json, pointer: pointer + "/" + escaped)
  }

  /// The node of a keyword's value; nil where the schema has no such keyword.
  func child(_ key: String) -> SchemaNode? { json[key].map { child(key, $0) } }

  /// The pointer's bytes: Swift's strings take names for equal that differ in JSON.
  var place: [UInt8] { Array(pointer.utf8) }

  /// Parts of this schema that reading goes through, without what lies deeper; each has a pointer
  /// to be written.
  var width: Int {
    let parts = Self.lists.reduce(1 + (json.members?.count ?? 0)) { sum, key in
      sum + (json[key].map { $0.array?.count ?? $0.members?.count ?? 0 } ?? 0)
    }
    // A value beside a list of values is compared with each.
    return parts * pointer.parts + (json["const"] == nil ? 0 : json.parts)
  }

  private static let lists = [
    "type", "allOf", "anyOf", "oneOf", "prefixItems", "items", "properties", "required",
  ]

  /// The nodes of a list, which must be one.
  func items() throws(SparrowError) -> [SchemaNode] {
    guard let items = json.array else { throw malformed("a list") }
    return items.enumerated().map { child("\($0)", $1) }
  }

  func malformed(_ expected: String) -> SparrowError {
    SparrowError(.malformed, field: pointer, found: found, expected: expected)
  }

  func unsupported(_ expected: String) -> SparrowError {
    SparrowError(.unsupported, field: pointer, found: found, expected: expected)
  }

  /// The value, shortened where it is long.
  private var found: String {
    let text = json.text()
    return text.utf8.count > 80 ? String(text.prefix(77)) + "..." : text
  }

  /// The whole number that the value is, within a range.
  func count() throws(SparrowError) -> Int32 {
    guard let count = json.int, count >= 0 else { throw malformed("a whole number from 0 on") }
    return Int32(min(count, Int(Int32.max) - 1))
  }

  func text() throws(SparrowError) -> String {
    guard let text = json.string else { throw malformed("a text") }
    return text
  }

  func flag() throws(SparrowError) -> Bool {
    guard let flag = json.bool else { throw malformed("true or false") }
    return flag
  }
}

/// All of whose schemas a value must satisfy; none of them is any value.
typealias SchemaConjunction = [SchemaNode]

extension SchemaConjunction {
  /// The same for the same set of schemas of one document.
  var key: Set<[UInt8]> { Set(map(\.place)) }
}
