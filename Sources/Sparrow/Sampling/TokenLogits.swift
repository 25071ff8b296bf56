/// Logits and the vocabulary rows that they belong to, ascending; without `ids` all rows from 0.
struct TokenLogits {
  let ids: UnsafeBufferPointer<Int32>?
  let logits: UnsafeBufferPointer<Float>
  /// The repetition penalty and the tokens that it is for, ascending.
  let penalty: Float
  let penalised: [Int32]

  /// Logits looked at together: one comparison skips them all when none can matter.
  private static let block = 128

  var count: Int { logits.count }

  func token(_ index: Int) -> Int32 { ids.map { $0[index] } ?? Int32(index) }

  /// Calls `body` with the tokens in ascending order, penalised, those whose logit is no number at
  /// minus infinity. It answers with a bound: from then on tokens at or below it may be left out.
  @inline(__always)
  func scan(_ body: (Choice) -> Float) {
    guard let base = logits.baseAddress else { return }
    // A penalty below 1 raises positive logits, and then a logit is no bound for what it becomes.
    let maySkip = penalty >= 1
    var bound = -Float.infinity
    var at = 0
    var nextPenalised = penalised.first ?? .max
    for start in stride(from: 0, to: count, by: Self.block) {
      let end = min(start + Self.block, count)
      if maySkip, bound > -.infinity, Self.maximum(base + start, end - start) <= bound { continue }
      for index in start..<end {
        let token = ids == nil ? Int32(truncatingIfNeeded: index) : ids.unsafelyUnwrapped[index]
        var logit = base[index]
        while nextPenalised < token {
          at += 1
          nextPenalised = at < penalised.count ? penalised[at] : .max
        }
        if nextPenalised == token { logit = logit < 0 ? logit * penalty : logit / penalty }
        if logit > bound {
          bound = body(Choice(logit: logit, token: token))
        } else if bound == -.infinity {
          bound = body(Choice(logit: -.infinity, token: token))
        }
      }
    }
  }

  /// The largest of up to `block` numbers, others left out; minus infinity when there are none.
  @inline(__always)
  private static func maximum(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var best = SIMD16<Float>(repeating: -.infinity)
    var index = 0
    while index + 16 <= count {
      let next = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD16<Float>.self)
      best.replace(with: next, where: next .> best)
      index += 16
    }
    var eight = best.lowHalf
    eight.replace(with: best.highHalf, where: best.highHalf .> eight)
    var four = eight.lowHalf
    four.replace(with: eight.highHalf, where: eight.highHalf .> four)
    var result = max(max(four[0], four[1]), max(four[2], four[3]))
    while index < count {
      if values[index] > result { result = values[index] }
      index += 1
    }
    return result
  }
}
