/// What is left of a pattern after a byte.
struct Step {
  /// What is left without entering a rule.
  var within = PatternTable.nothing
  /// Rules that were entered.
  var calls: [Call] = []

  struct Call {
    /// What is left of the innermost rule.
    var top: Pattern.ID
    /// What comes after it, the innermost first.
    var below: [Pattern.ID]
  }
}

extension PatternTable {
  /// What is left of a pattern after a byte; `scope` loses the bytes after which it is not the
  /// same. Constant time for each part of the pattern that may begin with the byte.
  mutating func step(_ id: Pattern.ID, _ byte: UInt8, _ scope: inout ByteSet) -> Step {
    work += 1
    switch patterns[Int(id)] {
    case .nothing, .end: return Step()
    case .bytes(let set):
      let isIn = set.contains(byte)
      scope = scope.intersection(isIn ? set : set.complement)
      return Step(within: isIn ? Self.end : Self.nothing)
    case .literal(let text, let from):
      let next = literals[Int(text)][Int(from)]
      scope = scope.intersection(next == byte ? ByteSet(byte) : ByteSet(next).complement)
      return Step(within: next == byte ? literal(text, from: from + 1) : Self.nothing)
    case .sequence: return step(sequence: id, byte, &scope)
    case .choice(let parts):
      var step = Step()
      var within: [Pattern.ID] = []
      for part in parts {
        let next = self.step(part, byte, &scope)
        if next.within != Self.nothing { within.append(next.within) }
        step.calls += next.calls
      }
      step.within = choice(within)
      return step
    case .repeated(let part, let least, let most):
      let rest = repeated(part, least: max(least - 1, 0), most: most == .max ? .max : most - 1)
      return follow(step(part, byte, &scope), rest)
    case .both(let first, let second):
      let a = step(first, byte, &scope).within
      let b = step(second, byte, &scope).within
      return Step(within: both(a, b))
    case .except(let part):
      let rest = step(part, byte, &scope).within
      return Step(within: except(rest))
    case .multiple(let divisor, let remainder):
      guard (48...57).contains(byte) else {
        scope = scope.subtracting(ByteSet(48...57))
        return Step()
      }
      scope = scope.intersection(ByteSet(byte))
      let next = (10 * Int(remainder) + Int(byte - 48)) % Int(divisor)
      return Step(within: multiple(of: divisor, remainder: Int32(next)))
    case .call(let rule):
      let inner = step(rules[Int(rule)], byte, &scope)
      var step = Step()
      for call in inner.calls {
        step.calls.append(.init(top: call.top, below: call.below + [Self.end]))
      }
      if inner.within != Self.nothing {
        step.calls.append(.init(top: inner.within, below: [Self.end]))
      }
      return step
    }
  }

  /// A step with more to come behind it.
  private mutating func follow(_ step: Step, _ rest: Pattern.ID) -> Step {
    var step = step
    step.within = sequence(step.within, rest)
    for index in step.calls.indices {
      let last = step.calls[index].below.removeLast()
      step.calls[index].below.append(sequence(last, rest))
    }
    return step
  }

  /// All parts up to the first that has not the empty text may begin with the byte.
  private mutating func step(
    sequence id: Pattern.ID, _ byte: UInt8, _ scope: inout ByteSet
  ) -> Step {
    var step = Step()
    var within: [Pattern.ID] = []
    var rest = id
    var goesOn = true
    while goesOn {
      var (head, tail) = (rest, Self.end)
      if case .sequence(let first, let second) = patterns[Int(rest)] {
        (head, tail) = (first, second)
      }
      let next = follow(self.step(head, byte, &scope), tail)
      within.append(next.within)
      step.calls += next.calls
      goesOn = isNullable[Int(head)] && tail != Self.end
      rest = tail
    }
    step.within = choice(within)
    return step
  }

  /// The ways on after a byte, each the patterns that are left, innermost first; ways with the same
  /// patterns below are one, and ways that lead nowhere are none.
  mutating func ways(
    _ id: Pattern.ID, _ byte: UInt8, _ scope: inout ByteSet
  ) -> [[Pattern.ID]] {
    let step = step(id, byte, &scope)
    if step.calls.isEmpty { return isLive(step.within) ? [[step.within]] : [] }
    var ways: [(below: [Pattern.ID], tops: [Pattern.ID])] = [([], [step.within])]
    for call in step.calls {
      // A call that ends a rule needs no return to it.
      let below = call.below.filter { $0 != Self.end }
      if let same = ways.firstIndex(where: { $0.below == below }) {
        ways[same].tops.append(call.top)
      } else {
        ways.append((below, [call.top]))
      }
    }
    return ways.compactMap { way in
      let patterns = [choice(way.tops)] + way.below
      return patterns.allSatisfy { isLive($0) } ? patterns : nil
    }
  }
}
