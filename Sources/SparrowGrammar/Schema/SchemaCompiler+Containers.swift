internal import SparrowCore

extension SchemaCompiler {
  /// Items that have schemas of their own; properties of an object.
  private static let itemLimit = 1000
  private static let propertyLimit = 1000

  mutating func array(
    _ facts: SchemaFacts, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    let (least, most) = (facts.minimumItems, facts.maximumItems)
    guard least <= most else { return PatternTable.nothing }
    guard facts.firstItems.count <= Self.itemLimit else {
      throw tooLarge(facts, "at most \(Self.itemLimit) schemas of items")
    }
    let first = facts.firstItems.prefix(Int(most))
    let placed = Int32(first.count)
    var content = PatternTable.end
    if placed < most {
      let item = try call(facts.items, &patterns)
      let more = patterns.sequence(values.comma, item)
      if placed > 0 {
        let rest = most == .max ? most : most - placed
        content = patterns.repeated(more, least: max(least - placed, 0), most: rest)
      } else {
        let rest = patterns.repeated(
          more, least: max(least - 1, 0), most: most == .max ? most : most - 1)
        content = patterns.sequence(item, rest)
        if least == 0 { content = patterns.optional(content) }
      }
    }
    for (index, schemas) in first.enumerated().reversed() {
      let item = try call(schemas, &patterns)
      content = patterns.sequence([index == 0 ? PatternTable.end : values.comma, item, content])
      if index >= least { content = patterns.optional(content) }
    }
    return patterns.sequence([patterns.literal("["), content, patterns.literal("]")])
  }

  /// Objects with their properties in the schema's order, those that are not required in or left
  /// out, and others behind them where they are allowed.
  mutating func object(
    _ facts: SchemaFacts, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    let names = Set(facts.properties.map(\.name))
    let properties =
      facts.properties
      + facts.required.filter { !names.contains($0) }.map { ($0, facts.additional ?? []) }
    try checkCounts(facts, properties.count)
    let close = patterns.literal("}")
    // What may follow when members have been written, and when none has.
    var (behind, atStart) = (close, close)
    // A schema that names properties and says nothing of others wants none.
    if facts.additional != nil || properties.isEmpty {
      let name = otherName(properties.map(\.name), &patterns)
      let value = try call(facts.additional ?? [], &patterns)
      let member = patterns.sequence([name, values.colon, value])
      let more = patterns.repeated(patterns.sequence(values.comma, member))
      behind = patterns.sequence(more, close)
      atStart = patterns.choice([patterns.sequence(member, behind), close])
    }
    let required = Set(facts.required)
    var optionalRun = 0
    for (name, schemas) in properties.reversed() {
      let key = patterns.literal(JSON.string(String(decoding: name, as: UTF8.self)).text())
      let member = patterns.sequence([key, values.colon, try call(schemas, &patterns), behind])
      let next = patterns.sequence(values.comma, member)
      if required.contains(name) {
        (behind, atStart, optionalRun) = (next, member, 0)
      } else {
        optionalRun += 1
        // Alternatives of what may follow: up to the square of the properties.
        try count(2 * optionalRun, facts, patterns)
        behind = patterns.choice([next, behind])
        atStart = patterns.choice([member, atStart])
      }
    }
    return patterns.sequence(patterns.literal("{"), atStart)
  }

  /// Names without escapes and other than some: an escaped name could be one of them.
  private func otherName(
    _ known: [SchemaFacts.Name], _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let plain = ScalarRanges([0...0x1F, 0x22...0x22, 0x5C...0x5C]).complement
    let any = patterns.repeated(patterns.character(plain))
    let names = patterns.choice(known.map { patterns.literal($0) })
    return ValuePatterns.quoted(patterns.both(any, patterns.except(names)), &patterns)
  }

  private func checkCounts(_ facts: SchemaFacts, _ count: Int) throws(SparrowError) {
    guard count <= Self.propertyLimit else {
      throw tooLarge(facts, "at most \(Self.propertyLimit) properties")
    }
    if let node = facts.minimumProperties, try node.count() > facts.required.count {
      throw node.unsupported("no more than the required properties")
    }
    let allowsOthers = facts.additional.map { !$0.contains { $0.json == false } } ?? (count == 0)
    if let node = facts.maximumProperties, try node.count() < count || allowsOthers {
      throw node.unsupported("additionalProperties: false, and no fewer than the properties")
    }
  }
}
