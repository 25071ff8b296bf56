extension PatternTable {
  /// Patterns that a search for a text of an intersection looks at; it counts as empty beyond.
  private static let searchLimit = 50_000

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

  /// Looks for a text, deep before wide; all patterns on the way to one are live, and when there is
  /// none all that were seen are not.
  private mutating func search(_ start: Pattern.ID) -> Bool {
    var cameFrom: [Pattern.ID: Pattern.ID] = [start: start]
    var open = [start]
    while let id = open.popLast() {
      if isNullable[Int(id)] || liveness[Int(id)] == true {
        var way: Pattern.ID? = id
        while let at = way {
          liveness[Int(at)] = true
          way = at == start ? nil : cameFrom[at]
        }
        return true
      }
      guard cameFrom.count < Self.searchLimit else { return false }
      var rest = ByteSet.all
      while let byte = rest.first {
        var scope = rest
        let next = step(id, byte, &scope).within
        rest = rest.subtracting(scope)
        if next != Self.nothing, liveness[Int(next)] != false, cameFrom[next] == nil {
          cameFrom[next] = id
          open.append(next)
        }
      }
    }
    for id in cameFrom.keys { liveness[Int(id)] = false }
    return false
  }

  /// Finds which rules have a text: those whose pattern has one when the others' have.
  mutating func findProductiveRules() {
    isProductive = rules.map { _ in false }
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for index in liveness.indices { liveness[index] = nil }
      // Rules are made before those that they call.
      for rule in rules.indices.reversed() where !isProductive[rule] && isLive(rules[rule]) {
        isProductive[rule] = true
        hasChanged = true
      }
    }
    for index in liveness.indices { liveness[index] = nil }
  }
}
