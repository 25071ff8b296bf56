/// Patterns of decimal numbers within bounds, digit by digit and without an exponent.
struct NumberPatterns {
  /// Digits that a number may have before and after its point.
  let wholeLimit: Int
  let fractionLimit: Int

  private let zero = UInt8(ascii: "0")
  private let nine = UInt8(ascii: "9")

  /// Numbers of at least, or with `isStrict` more than, a bound.
  func atLeast(
    _ bound: DecimalDigits, isNegative: Bool, isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    if bound.isZero || !isNegative { return above(bound, isStrict, &patterns) }
    let minus = patterns.literal("-")
    return patterns.choice([
      any(&patterns), patterns.sequence(minus, below(bound, isStrict, &patterns)),
    ])
  }

  /// Numbers of at most, or with `isStrict` less than, a bound.
  func atMost(
    _ bound: DecimalDigits, isNegative: Bool, isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let minus = patterns.literal("-")
    if isNegative, !bound.isZero {
      return patterns.sequence(minus, above(bound, isStrict, &patterns))
    }
    let negative =
      bound.isZero && isStrict ? above(bound, isStrict, &patterns) : any(&patterns)
    return patterns.choice([
      patterns.sequence(minus, negative), below(bound, isStrict, &patterns),
    ])
  }

  // MARK: numbers without a sign

  private func any(_ patterns: inout PatternTable) -> Pattern.ID {
    let whole = patterns.sequence(
      digit(49, nine, &patterns), digits(0, wholeLimit - 1, &patterns))
    return patterns.sequence(
      patterns.choice([patterns.literal("0"), whole]), anyFraction(&patterns))
  }

  private func above(
    _ bound: DecimalDigits, _ isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let whole = bound.whole
    var greater: [Pattern.ID] = []
    if whole.count < wholeLimit {
      greater.append(
        patterns.sequence(
          digit(49, nine, &patterns), digits(whole.count, wholeLimit - 1, &patterns)))
    }
    for (place, own) in whole.enumerated() where own < nine {
      greater.append(
        patterns.sequence([
          patterns.literal(Array(whole[..<place])), digit(own + 1, nine, &patterns),
          digits(whole.count - place - 1, whole.count - place - 1, &patterns),
        ]))
    }
    let equal = patterns.sequence(
      patterns.literal(whole), fractionAbove(bound.fraction, isStrict, &patterns))
    let more = patterns.sequence(patterns.choice(greater), anyFraction(&patterns))
    return patterns.choice([more, equal])
  }

  private func below(
    _ bound: DecimalDigits, _ isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let whole = bound.whole
    var less: [Pattern.ID] = []
    if whole.count > 1 {
      less.append(patterns.literal("0"))
      less.append(
        patterns.sequence(digit(49, nine, &patterns), digits(0, whole.count - 2, &patterns)))
    }
    for (place, own) in whole.enumerated() {
      let least: UInt8 = place == 0 && whole.count > 1 ? 49 : zero
      guard own > least else { continue }
      less.append(
        patterns.sequence([
          patterns.literal(Array(whole[..<place])), digit(least, own - 1, &patterns),
          digits(whole.count - place - 1, whole.count - place - 1, &patterns),
        ]))
    }
    let equal = patterns.sequence(
      patterns.literal(whole), fractionBelow(bound.fraction, isStrict, &patterns))
    let fewer = patterns.sequence(patterns.choice(less), anyFraction(&patterns))
    return patterns.choice([fewer, equal])
  }

  // MARK: fractions, with their point

  private func anyFraction(_ patterns: inout PatternTable) -> Pattern.ID {
    guard fractionLimit > 0 else { return PatternTable.end }
    return patterns.optional(
      patterns.sequence(patterns.literal("."), digits(1, fractionLimit, &patterns)))
  }

  private func fractionAbove(
    _ bound: [UInt8], _ isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    if bound.isEmpty, !isStrict { return anyFraction(&patterns) }
    return patterns.sequence(
      patterns.literal("."), digitsAbove(bound[...], isStrict, fractionLimit, &patterns))
  }

  private func digitsAbove(
    _ bound: ArraySlice<UInt8>, _ isStrict: Bool, _ most: Int, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    guard let first = bound.first else {
      guard isStrict else { return digits(0, most, &patterns) }
      let zeros = patterns.repeated(patterns.literal("0"))
      return patterns.both(digits(1, most, &patterns), patterns.except(zeros))
    }
    guard most > 0 else { return PatternTable.nothing }
    let greater =
      first < nine
      ? patterns.sequence(digit(first + 1, nine, &patterns), digits(0, most - 1, &patterns))
      : PatternTable.nothing
    let equal = patterns.sequence(
      digit(first, first, &patterns),
      digitsAbove(bound.dropFirst(), isStrict, most - 1, &patterns))
    return patterns.choice([greater, equal])
  }

  private func fractionBelow(
    _ bound: [UInt8], _ isStrict: Bool, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let point = patterns.literal(".")
    if bound.isEmpty {
      if isStrict { return PatternTable.nothing }
      guard fractionLimit > 0 else { return PatternTable.end }
      let zeros = patterns.repeated(patterns.literal("0"), least: 1, most: Int32(fractionLimit))
      return patterns.optional(patterns.sequence(point, zeros))
    }
    return patterns.optional(
      patterns.sequence(point, digitsBelow(bound[...], isStrict, fractionLimit, &patterns)))
  }

  private func digitsBelow(
    _ bound: ArraySlice<UInt8>, _ isStrict: Bool, _ most: Int, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    guard most > 0, let first = bound.first else { return PatternTable.nothing }
    let less =
      first > zero
      ? patterns.sequence(digit(zero, first - 1, &patterns), digits(0, most - 1, &patterns))
      : PatternTable.nothing
    let rest: Pattern.ID
    if bound.count > 1 {
      rest = patterns.optional(digitsBelow(bound.dropFirst(), isStrict, most - 1, &patterns))
    } else if isStrict {
      rest = PatternTable.nothing
    } else {
      rest = patterns.repeated(patterns.literal("0"), least: 0, most: Int32(most - 1))
    }
    return patterns.choice([
      less, patterns.sequence(digit(first, first, &patterns), rest),
    ])
  }

  private func digit(_ from: UInt8, _ to: UInt8, _ patterns: inout PatternTable) -> Pattern.ID {
    patterns.bytes(ByteSet(from...to))
  }

  private func digits(_ least: Int, _ most: Int, _ patterns: inout PatternTable) -> Pattern.ID {
    guard least <= most else { return PatternTable.nothing }
    return patterns.repeated(
      digit(zero, nine, &patterns), least: Int32(least), most: Int32(most))
  }
}
