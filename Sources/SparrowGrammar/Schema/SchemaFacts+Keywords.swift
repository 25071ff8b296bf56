internal import SparrowCore

extension SchemaFacts {
  private static let valueLimit = 5000

  /// What a schema's own keywords say, without references and combinations.
  init(_ node: SchemaNode) throws(SparrowError) {
    pointer = node.pointer
    try readKinds(node)
    if let list = node.child("enum") {
      guard let values = list.json.array, !values.isEmpty else {
        throw list.malformed("a list of values")
      }
      guard values.count <= Self.valueLimit else {
        throw list.unsupported("at most \(Self.valueLimit) values")
      }
      self.values = values
    }
    if let value = node.json["const"] {
      values = values.map { $0.filter { $0 == value } } ?? [value]
    }
    try readNumbers(node)
    try readTexts(node)
    try readItems(node)
    try readProperties(node)
  }

  private mutating func readKinds(_ node: SchemaNode) throws(SparrowError) {
    guard let type = node.child("type") else { return }
    var kinds: JSONKinds = []
    for name in type.json.array ?? [type.json] {
      guard let kind = name.string.flatMap({ JSONKinds(named: $0) }) else {
        throw type.malformed("null, boolean, integer, number, string, array, object, or a list")
      }
      kinds.formUnion(kind)
    }
    self.kinds = kinds
  }

  /// The value of a keyword that speaks of some kinds.
  private mutating func keyword(
    _ node: SchemaNode, _ key: String, of kinds: JSONKinds
  ) -> SchemaNode? {
    guard let child = node.child(key) else { return nil }
    mentioned.formUnion(kinds)
    return child
  }

  private mutating func readNumbers(_ node: SchemaNode) throws(SparrowError) {
    for (key, isMinimum, isStrict) in [
      ("minimum", true, false), ("exclusiveMinimum", true, true), ("maximum", false, false),
      ("exclusiveMaximum", false, true),
    ] {
      guard let child = keyword(node, key, of: .number) else { continue }
      let bound = try NumberBound(child, isStrict: isStrict)
      if isMinimum {
        minimum = NumberBound.tighter(minimum, bound, isMinimum: true)
      } else {
        maximum = NumberBound.tighter(maximum, bound, isMinimum: false)
      }
    }
    if let child = keyword(node, "multipleOf", of: .number) { divisors.append(child) }
  }

  private mutating func readTexts(_ node: SchemaNode) throws(SparrowError) {
    if let child = keyword(node, "minLength", of: .string) { minimumLength = try child.count() }
    if let child = keyword(node, "maxLength", of: .string) { maximumLength = try child.count() }
    if let child = keyword(node, "pattern", of: .string) {
      _ = try child.text()
      expressions.append(child)
    }
    if let child = node.child("format"), let format = StringFormat(rawValue: try child.text()) {
      mentioned.formUnion(.string)
      formats.append(format)
    }
  }

  private mutating func readItems(_ node: SchemaNode) throws(SparrowError) {
    if let child = keyword(node, "minItems", of: .array) { minimumItems = try child.count() }
    if let child = keyword(node, "maxItems", of: .array) { maximumItems = try child.count() }
    // Before 2020 a list in `items` was what `prefixItems` is now.
    let isOld = node.json["items"]?.array != nil
    if let first = keyword(node, isOld ? "items" : "prefixItems", of: .array) {
      firstItems = try first.items().map { [$0] }
    }
    if let rest = keyword(node, isOld ? "additionalItems" : "items", of: .array) {
      items = [rest]
    }
  }

  private mutating func readProperties(_ node: SchemaNode) throws(SparrowError) {
    if let child = keyword(node, "properties", of: .object) {
      guard let members = child.json.members else { throw child.malformed("an object of schemas") }
      var places: [Name: Int] = [:]
      for member in members {
        let name = Array(member.key.utf8)
        let schema = [child.child(member.key, member.value)]
        // Of a name that stands twice the last counts.
        if let place = places[name] {
          properties[place].schema = schema
        } else {
          places[name] = properties.count
          properties.append((name, schema))
        }
      }
    }
    if let child = keyword(node, "required", of: .object) {
      var known: Set<Name> = []
      for name in try child.items() {
        let name = Array(try name.text().utf8)
        if known.insert(name).inserted { required.append(name) }
      }
    }
    if let child = keyword(node, "additionalProperties", of: .object) { additional = [child] }
    minimumProperties = keyword(node, "minProperties", of: .object)
    maximumProperties = keyword(node, "maxProperties", of: .object)
  }
}
