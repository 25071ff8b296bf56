internal import SparrowCore

/// What one schema without alternatives says of a value.
struct SchemaFacts: Sendable {
  /// A name's bytes: Swift's strings take names for equal that differ in JSON.
  typealias Name = [UInt8]

  var pointer = "#"
  /// Kinds by `type`; nil where no schema names any.
  var kinds: JSONKinds?
  /// Kinds of which the keywords speak.
  var mentioned: JSONKinds = []
  /// Values by `enum` and `const`.
  var values: [JSON]?

  var minimum: NumberBound?
  var maximum: NumberBound?
  var divisors: [SchemaNode] = []

  var minimumLength: Int32 = 0
  var maximumLength: Int32 = .max
  var expressions: [SchemaNode] = []
  var formats: [StringFormat] = []

  /// Schemas of the first items, and of all others.
  var firstItems: [SchemaConjunction] = []
  var items: SchemaConjunction = []
  var minimumItems: Int32 = 0
  var maximumItems: Int32 = .max

  var properties: [(name: Name, schema: SchemaConjunction)] = []
  var required: [Name] = []
  /// Of all other properties; nil where no schema speaks of them.
  var additional: SchemaConjunction?
  var minimumProperties: SchemaNode?
  var maximumProperties: SchemaNode?

  /// The kinds that a value may have. A schema that names none and speaks of some means these: it
  /// allows all others too, which nobody wants.
  var allowedKinds: JSONKinds { kinds ?? (mentioned.isEmpty ? .all : mentioned) }

  /// The kinds that a value may have by the letter of JSON Schema: where nobody names any, all.
  var possibleKinds: JSONKinds {
    let named = kinds ?? .all
    guard let values else { return named }
    return values.reduce(into: JSONKinds()) { $0.formUnion(JSONKinds(of: $1)) }.intersection(named)
  }

  /// The possible kinds of which it says nothing.
  var unsaidKinds: JSONKinds {
    kinds == nil && values == nil ? JSONKinds.all.subtracting(mentioned) : []
  }

  /// Parts that are copied when facts are merged; values are not.
  var size: Int {
    let schemas =
      items.count + (additional?.count ?? 0) + firstItems.reduce(0) { $0 + 1 + $1.count }
    let names = required.count + properties.reduce(0) { $0 + 1 + $1.schema.count }
    return schemas + names + divisors.count + expressions.count + formats.count
  }

  /// What merging costs: the parts of both, values that are compared with each other, and schemas
  /// of all other items and properties that join each one of the other's.
  func cost(ofMerging other: SchemaFacts) -> Int {
    var cost = 1 + size + other.size
    if let values, let more = other.values {
      cost += values.reduce(0) { $0 + $1.parts } * more.count
    }
    return cost + firstItems.count * other.items.count + items.count * other.firstItems.count
      + properties.count * (other.additional?.count ?? 0)
      + (additional?.count ?? 0) * other.properties.count
  }

  /// Each property's schemas by its name.
  var schemas: [Name: SchemaConjunction] {
    Dictionary(properties.map { ($0.name, $0.schema) }) { $1 }
  }

  /// What both say; nil where they contradict each other.
  func merged(_ other: SchemaFacts) -> SchemaFacts? {
    var facts = self
    facts.mentioned.formUnion(other.mentioned)
    if let kinds, let more = other.kinds {
      facts.kinds = kinds.intersection(more)
      if facts.kinds == [] { return nil }
    } else {
      facts.kinds = kinds ?? other.kinds
    }
    if let values, let more = other.values {
      facts.values = values.filter { more.contains($0) }
      if facts.values == [] { return nil }
    } else {
      facts.values = values ?? other.values
    }
    facts.minimum = NumberBound.tighter(minimum, other.minimum, isMinimum: true)
    facts.maximum = NumberBound.tighter(maximum, other.maximum, isMinimum: false)
    facts.divisors += other.divisors
    facts.minimumLength = max(minimumLength, other.minimumLength)
    facts.maximumLength = min(maximumLength, other.maximumLength)
    facts.expressions += other.expressions
    facts.formats += other.formats.filter { !formats.contains($0) }
    facts.mergeItems(other)
    facts.mergeProperties(other)
    return facts
  }

  private mutating func mergeItems(_ other: SchemaFacts) {
    minimumItems = max(minimumItems, other.minimumItems)
    maximumItems = min(maximumItems, other.maximumItems)
    firstItems = (0..<max(firstItems.count, other.firstItems.count)).map {
      item($0) + other.item($0)
    }
    items += other.items
  }

  private func item(_ index: Int) -> SchemaConjunction {
    index < firstItems.count ? firstItems[index] : items
  }

  private mutating func mergeProperties(_ other: SchemaFacts) {
    let (mine, others) = (schemas, other.schemas)
    let mineElse = additional ?? []
    properties =
      properties.map { ($0.name, $0.schema + (others[$0.name] ?? other.additional ?? [])) }
      + other.properties.filter { mine[$0.name] == nil }.map { ($0.name, mineElse + $0.schema) }
    let known = Set(required)
    required += other.required.filter { !known.contains($0) }
    if additional != nil || other.additional != nil {
      additional = mineElse + (other.additional ?? [])
    }
    minimumProperties = minimumProperties ?? other.minimumProperties
    maximumProperties = maximumProperties ?? other.maximumProperties
  }
}
