/// Patterns by number: equal patterns have one number, and what is plainly nothing is `nothing`.
struct PatternTable: Sendable {
  private(set) var patterns: [Pattern] = []
  /// Whether the empty text is one of a pattern's.
  private(set) var isNullable: [Bool] = []
  /// What `isLive` has found: nil where nobody asked.
  var liveness: [Bool?] = []
  /// What has been done so far, in steps of patterns or about as long: time that is the same on
  /// every machine.
  var work = 0
  /// Where it gives up: what it says beyond is not to be kept.
  var workLimit = Int.max
  private var numbers: [Pattern: Pattern.ID] = [:]
  private(set) var literals: [[UInt8]] = []
  private var literalNumbers: [[UInt8]: Int32] = [:]
  /// What the rules are; `nothing` until they are defined.
  private(set) var rules: [Pattern.ID] = []
  /// Whether a rule has a text, once `findProductiveRules` has run.
  var isProductive: [Bool] = []

  static let nothing: Pattern.ID = 0
  static let end: Pattern.ID = 1
  /// Any text.
  static let everything: Pattern.ID = 3

  /// Whether it has given up.
  var isExhausted: Bool { work >= workLimit }

  init() {
    _ = number(.nothing, isNullable: false)
    _ = number(.end, isNullable: true)
    let byte = number(.bytes(.all), isNullable: false)
    _ = number(.repeated(byte, least: 0, most: .max), isNullable: true)
  }

  private mutating func number(_ pattern: Pattern, isNullable nullable: Bool) -> Pattern.ID {
    if let known = numbers[pattern] { return known }
    let id = Pattern.ID(patterns.count)
    work += 10
    numbers[pattern] = id
    patterns.append(pattern)
    isNullable.append(nullable)
    liveness.append(nil)
    return id
  }

  // MARK: making patterns

  mutating func bytes(_ set: ByteSet) -> Pattern.ID {
    set.isEmpty ? Self.nothing : number(.bytes(set), isNullable: false)
  }

  mutating func literal(_ text: [UInt8]) -> Pattern.ID {
    if let known = literalNumbers[text] { return literal(known, from: 0) }
    let id = Int32(literals.count)
    literals.append(text)
    literalNumbers[text] = id
    return literal(id, from: 0)
  }

  mutating func literal(_ text: String) -> Pattern.ID { literal(Array(text.utf8)) }

  mutating func literal(_ id: Int32, from: Int32) -> Pattern.ID {
    Int(from) == literals[Int(id)].count
      ? Self.end : number(.literal(id, from: from), isNullable: false)
  }

  /// One pattern and then another; the parts of a sequence lie to the right of each other, however
  /// they were joined, and there may be many.
  mutating func sequence(_ first: Pattern.ID, _ second: Pattern.ID) -> Pattern.ID {
    if first == Self.nothing || second == Self.nothing { return Self.nothing }
    if first == Self.end { return second }
    if second == Self.end { return first }
    var heads: [Pattern.ID] = []
    var last = first
    while case .sequence(let head, let tail) = patterns[Int(last)] {
      heads.append(head)
      last = tail
    }
    heads.append(last)
    return heads.reversed().reduce(second) { rest, head in
      number(.sequence(head, rest), isNullable: isNullable[Int(head)] && isNullable[Int(rest)])
    }
  }

  mutating func sequence(_ parts: [Pattern.ID]) -> Pattern.ID {
    parts.reversed().reduce(Self.end) { sequence($1, $0) }
  }

  mutating func choice(_ parts: [Pattern.ID]) -> Pattern.ID {
    if parts.count == 2, parts[0] == Self.nothing || parts[0] == parts[1] { return parts[1] }
    if parts.count == 2, parts[1] == Self.nothing { return parts[0] }
    work += parts.count
    var flat: Set<Pattern.ID> = []
    var set = ByteSet.none
    for part in parts {
      switch patterns[Int(part)] {
      case .nothing: break
      case .bytes(let more): set = set.union(more)
      case .choice(let inner):
        for id in inner {
          if case .bytes(let more) = patterns[Int(id)] {
            set = set.union(more)
          } else {
            flat.insert(id)
          }
        }
      default: flat.insert(part)
      }
    }
    if flat.contains(Self.everything) { return Self.everything }
    if !set.isEmpty { flat.insert(bytes(set)) }
    if flat.count < 2 { return flat.first ?? Self.nothing }
    let nullable = flat.contains { isNullable[Int($0)] }
    return number(.choice(flat.sorted()), isNullable: nullable)
  }

  mutating func optional(_ id: Pattern.ID) -> Pattern.ID { choice([Self.end, id]) }

  mutating func repeated(
    _ id: Pattern.ID, least: Int32 = 0, most: Int32 = .max
  ) -> Pattern.ID {
    if most == 0 || id == Self.end { return Self.end }
    if id == Self.nothing { return least == 0 ? Self.end : Self.nothing }
    if least == 1, most == 1 { return id }
    return number(
      .repeated(id, least: least, most: most), isNullable: least == 0 || isNullable[Int(id)])
  }

  mutating func both(_ first: Pattern.ID, _ second: Pattern.ID) -> Pattern.ID {
    if first == Self.nothing || second == Self.nothing { return Self.nothing }
    if first == second || second == Self.everything { return first }
    if first == Self.everything { return second }
    let nullable = isNullable[Int(first)] && isNullable[Int(second)]
    if first == Self.end || second == Self.end { return nullable ? Self.end : Self.nothing }
    return number(.both(min(first, second), max(first, second)), isNullable: nullable)
  }

  mutating func except(_ id: Pattern.ID) -> Pattern.ID {
    if id == Self.nothing { return Self.everything }
    if id == Self.everything { return Self.nothing }
    if case .except(let inner) = patterns[Int(id)] { return inner }
    return number(.except(id), isNullable: !isNullable[Int(id)])
  }

  mutating func multiple(of divisor: Int32, remainder: Int32) -> Pattern.ID {
    number(.multiple(of: divisor, remainder: remainder), isNullable: remainder == 0)
  }

  mutating func call(_ rule: Int32) -> Pattern.ID { number(.call(rule), isNullable: false) }

  // MARK: rules

  /// A rule to be defined later. A rule that has the empty text counts as if it had not.
  mutating func addRule() -> Int32 {
    rules.append(Self.nothing)
    return Int32(rules.count - 1)
  }

  mutating func define(_ rule: Int32, _ pattern: Pattern.ID) { rules[Int(rule)] = pattern }
}
