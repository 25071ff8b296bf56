extension PatternTable {
  /// Whether a pattern has a text. For an intersection or a complement a text is searched for; else
  /// this is known from the parts.
  mutating func isLive(_ id: Pattern.ID) -> Bool {
    if let known = liveness[Int(id)] { return known }
    let isLive =
      switch patterns[Int(id)] {
      case .nothing: false
      case .end, .bytes, .literal, .multiple: true
      case .sequence: isLive(sequence: id)
      case .choice(let parts): anyIsLive(parts)
      case .repeated(let part, let least, _): least == 0 || self.isLive(part)
      case .both, .except: search(id)
      case .call(let rule): isProductive[Int(rule)]
      }
    liveness[Int(id)] = isLive
    return isLive
  }

  /// From the last part to the first, since there may be many.
  private mutating func isLive(sequence id: Pattern.ID) -> Bool {
    var way: [(whole: Pattern.ID, head: Pattern.ID)] = []
    var rest = id
    while liveness[Int(rest)] == nil, case .sequence(let head, let tail) = patterns[Int(rest)] {
      way.append((rest, head))
      rest = tail
    }
    var isLive = self.isLive(rest)
    for (whole, head) in way.reversed() {
      isLive = isLive && self.isLive(head)
      liveness[Int(whole)] = isLive
    }
    return isLive
  }

  private mutating func anyIsLive(_ parts: [Pattern.ID]) -> Bool {
    for part in parts where isLive(part) { return true }
    return false
  }

  /// Looks for a text, deep before wide and the lowest bytes first; all patterns on the way to one
  /// are live, and when there is none all that were seen are not.
  private mutating func search(_ start: Pattern.ID) -> Bool {
    var seen: Set = [start]
    /// With the bytes after which nobody has looked.
    var way = [(id: start, rest: ByteSet.all)]
    var isFound = isNullable[Int(start)]
    while !isFound, let (id, rest) = way.last {
      guard !isExhausted else { return false }
      guard let byte = rest.first else {
        way.removeLast()
        continue
      }
      var scope = rest
      let next = step(id, byte, &scope).within
      way[way.count - 1].rest = rest.subtracting(scope)
      guard next != Self.nothing, liveness[Int(next)] != false, seen.insert(next).inserted else {
        continue
      }
      way.append((next, .all))
      isFound = isNullable[Int(next)] || liveness[Int(next)] == true
    }
    if isFound {
      for (id, _) in way { liveness[Int(id)] = true }
    } else {
      for id in seen { liveness[Int(id)] = false }
    }
    return isFound
  }

  /// Whether the alternatives of what is left stay few on the way on which they grow fastest: a
  /// state costs as much as it has alternatives.
  mutating func staysNarrow(_ start: Pattern.ID) -> Bool {
    var seen: Set<Pattern.ID> = []
    var at: Pattern.ID? = start
    while let id = at, seen.count < 400, !isExhausted {
      seen.insert(id)
      at = nil
      var widest = 0
      var rest = ByteSet.all
      while let byte = rest.first {
        var scope = rest
        let next = step(id, byte, &scope).within
        rest = rest.subtracting(scope)
        let width = width(next)
        if width > 100 { return false }
        if width > widest, !seen.contains(next) { (at, widest) = (next, width) }
      }
    }
    return true
  }

  private func width(_ id: Pattern.ID) -> Int {
    switch patterns[Int(id)] {
    case .nothing: 0
    case .choice(let parts): parts.count
    case .sequence(let first, _): width(first)
    default: 1
    }
  }

  /// Finds which rules have a text: those whose pattern has one when the others' have.
  mutating func findProductiveRules() {
    isProductive = rules.map { _ in false }
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      // What has a text keeps it when more rules have one.
      for index in liveness.indices where liveness[index] == false { liveness[index] = nil }
      // Rules are made before those that they call.
      for rule in rules.indices.reversed() where !isProductive[rule] && isLive(rules[rule]) {
        isProductive[rule] = true
        hasChanged = true
      }
    }
    for index in liveness.indices { liveness[index] = nil }
  }
}
