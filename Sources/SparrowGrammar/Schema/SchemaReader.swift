internal import SparrowCore

/// Reads the schemas of a document: a conjunction of schemas becomes alternatives, in which
/// references, `allOf`, `anyOf` and `oneOf` are resolved.
struct SchemaReader {
  /// References and combinations inside each other; alternatives of one schema; and the parts of
  /// schemas that are read and merged in all, by which the work is bounded.
  private static let depthLimit = 100
  private static let alternativeLimit = 512
  private static let workLimit = 1_000_000

  let root: SchemaNode
  private var work = 0

  init(_ document: JSON) { root = SchemaNode(json: document, pointer: "#") }

  /// The alternatives of which a value must satisfy one.
  mutating func alternatives(
    _ schemas: SchemaConjunction
  ) throws(SparrowError) -> [SchemaFacts] {
    var all = [SchemaFacts()]
    for schema in schemas { all = try cross(all, try expand(schema, []), schema) }
    return all
  }

  private mutating func cross(
    _ first: [SchemaFacts], _ second: [SchemaFacts], _ node: SchemaNode
  ) throws(SparrowError) -> [SchemaFacts] {
    guard first.count * second.count <= Self.alternativeLimit else { throw tooMany(node.pointer) }
    var merged: [SchemaFacts] = []
    for a in first {
      for b in second {
        if let both = try merge(a, b) { merged.append(both) }
      }
    }
    return merged
  }

  private mutating func merge(
    _ a: SchemaFacts, _ b: SchemaFacts
  ) throws(SparrowError) -> SchemaFacts? {
    try count(a.cost(ofMerging: b), b.pointer)
    return a.merged(b)
  }

  private mutating func count(_ parts: Int, _ pointer: String) throws(SparrowError) {
    work += parts
    guard work <= Self.workLimit else {
      throw SparrowError(
        .unsupported, field: pointer, found: "references and combinations that multiply",
        expected: "fewer or smaller ones")
    }
  }

  private func tooMany(_ pointer: String) -> SparrowError {
    SparrowError(
      .unsupported, field: pointer, found: "too many combinations of alternatives",
      expected: "at most \(Self.alternativeLimit) of a schema")
  }

  private mutating func expand(
    _ node: SchemaNode, _ way: [[UInt8]]
  ) throws(SparrowError) -> [SchemaFacts] {
    try count(node.width + way.count, node.pointer)
    if let flag = node.json.bool { return flag ? [SchemaFacts()] : [] }
    guard node.json.members != nil else { throw node.malformed("a schema: an object or true") }
    let place = node.place
    guard !way.contains(place) else {
      throw node.unsupported("a schema that does not refer to itself for the same value")
    }
    guard way.count < Self.depthLimit else {
      throw node.unsupported("at most \(Self.depthLimit) references behind each other")
    }
    let way = way + [place]
    for key in SchemaKeywords.refused {
      guard let child = node.child(key), !SchemaKeywords.saysNothing(key, child.json) else {
        continue
      }
      throw child.unsupported("a schema without \(key)")
    }
    var all = [try SchemaFacts(node)]
    if let reference = node.child("$ref") {
      all = try cross(all, try expand(try resolve(reference), way), node)
    }
    for part in try node.child("allOf")?.items() ?? [] {
      all = try cross(all, try expand(part, way), node)
    }
    if let list = node.child("anyOf") {
      let branches = try self.branches(list, way)
      all = try cross(all, branches.flatMap { $0 }, node)
    }
    if let list = node.child("oneOf") {
      all = try cross(all, try separate(try branches(list, way), list), node)
    }
    return all
  }

  private mutating func branches(
    _ list: SchemaNode, _ way: [[UInt8]]
  ) throws(SparrowError) -> [[SchemaFacts]] {
    var branches: [[SchemaFacts]] = []
    for branch in try list.items() { branches.append(try expand(branch, way)) }
    guard !branches.isEmpty else { throw list.malformed("a list of schemas") }
    return branches
  }

  /// The schema that a `$ref` names: one of this document, by its pointer.
  private mutating func resolve(_ reference: SchemaNode) throws(SparrowError) -> SchemaNode {
    let text = try reference.text()
    guard text == "#" || text.hasPrefix("#/"), let fragment = Self.decode(text) else {
      throw reference.unsupported("#, or #/ and a way inside this document")
    }
    var node = root
    for part in fragment.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      // Members that are passed by cost little.
      try count(reference.json.parts + (node.json.members?.count ?? 0) / 32, reference.pointer)
      let key = Self.unescape(part)
      let index = Int(key)
      if let list = node.json.array, let index, list.indices.contains(index) {
        node = node.child(key, list[index])
      } else if let child = node.child(key) {
        node = child
      } else {
        throw reference.malformed("a schema of this document")
      }
    }
    return node
  }

  /// A fragment without percent signs.
  private static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func unescape(_ part: Substring) -> String {
    var key = ""
    var isEscape = false
    for scalar in part.unicodeScalars {
      if isEscape {
        key += scalar == "0" ? "~" : scalar == "1" ? "/" : "~" + String(scalar)
      } else if scalar != "~" {
        key.unicodeScalars.append(scalar)
      }
      isEscape = scalar == "~" && !isEscape
    }
    return key
  }

  // MARK: oneOf

  /// Branches of which a value satisfies one alone, as far as kinds, values and properties show.
  ///
  /// Kinds of which two branches say nothing satisfy both: they are left out. Throws where branches
  /// meet in what one of them speaks of.
  private mutating func separate(
    _ branches: [[SchemaFacts]], _ list: SchemaNode
  ) throws(SparrowError) -> [SchemaFacts] {
    let all = branches.enumerated().flatMap { branch, facts in facts.map { (branch, $0) } }
    var shared = [JSONKinds](repeating: [], count: all.count)
    for (i, (branch, a)) in all.enumerated() {
      for j in all.indices[(i + 1)...] where all[j].0 != branch {
        let b = all[j].1
        let common = try commonKinds(a, b, depth: 0)
        guard common.isSubset(of: a.unsaidKinds), common.isSubset(of: b.unsaidKinds) else {
          throw list.unsupported("branches that no value satisfies at once, each with a type")
        }
        shared[i].formUnion(common)
        shared[j].formUnion(common)
      }
    }
    return zip(all, shared).compactMap { entry, shared in
      var facts = entry.1
      guard shared != [] else { return facts }
      facts.kinds = facts.allowedKinds.subtracting(shared)
      return facts.kinds == [] ? nil : facts
    }
  }

  /// Kinds of which a value may satisfy both.
  private mutating func commonKinds(
    _ a: SchemaFacts, _ b: SchemaFacts, depth: Int
  ) throws(SparrowError) -> JSONKinds {
    guard let both = try merge(a, b) else { return [] }
    let common = both.possibleKinds
    guard common.contains(.object), both.values == nil, depth < 4 else { return common }
    // Objects are apart by a property that one of them must have.
    let (mine, others, required) = (a.schemas, b.schemas, Set(both.required))
    for property in both.properties where required.contains(property.name) {
      if property.schema.contains(where: { $0.json == false }) {
        return common.subtracting(.object)
      }
      guard let first = mine[property.name], let second = others[property.name] else { continue }
      if try areApart(first, second, depth: depth + 1) { return common.subtracting(.object) }
    }
    return common
  }

  private mutating func areApart(
    _ first: SchemaConjunction, _ second: SchemaConjunction, depth: Int
  ) throws(SparrowError) -> Bool {
    let others = try alternatives(second)
    for a in try alternatives(first) {
      for b in others where try commonKinds(a, b, depth: depth) != [] { return false }
    }
    return true
  }
}
