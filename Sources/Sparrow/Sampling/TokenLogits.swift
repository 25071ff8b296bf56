/// Logits and the vocabulary rows that they belong to, ascending; without `ids` all rows from 0.
struct TokenLogits {
  let ids: UnsafeBufferPointer<Int32>?
  let logits: UnsafeBufferPointer<Float>
  /// The tokens whose logits change, ascending, and what changes them.
  let entries: [TokenHistory.Entry]
  let options: SamplingOptions

  /// Logits looked at together: one comparison skips them all when none can matter.
  private static let block = 128

  var count: Int { logits.count }

  func token(_ index: Int) -> Int32 { ids.map { $0[index] } ?? Int32(index) }

  /// Calls `body` with the tokens in ascending order, their logits changed by bias and penalties,
  /// those that are no number at minus infinity. It answers with a bound: from then on tokens at or
  /// below it may be left out.
  @inline(__always)
  func scan(_ body: (Choice) -> Float) {
    guard let base = logits.baseAddress else { return }
    var bound = -Float.infinity
    var at = 0
    var nextChanged = entries.first?.token ?? .max
    func skip(to token: Int32) {
      while nextChanged < token {
        at += 1
        nextChanged = at < entries.count ? entries[at].token : .max
      }
    }
    for start in stride(from: 0, to: count, by: Self.block) {
      let end = min(start + Self.block, count)
      skip(to: token(start))
      // A logit is no bound for what it is changed to.
      if nextChanged > token(end - 1), bound > -.infinity,
        Self.maximum(base + start, end - start) <= bound
      {
        continue
      }
      for index in start..<end {
        let token = ids == nil ? Int32(truncatingIfNeeded: index) : ids.unsafelyUnwrapped[index]
        var logit = base[index]
        skip(to: token)
        if nextChanged == token { logit = change(logit, entries[at]) }
        if logit > bound {
          bound = body(Choice(logit: logit, token: token))
        } else if bound == -.infinity {
          bound = body(Choice(logit: -.infinity, token: token))
        }
      }
    }
  }

  /// A logit with the bias of its token, then the repetition penalty, then OpenAI's penalties.
  private func change(_ logit: Float, _ entry: TokenHistory.Entry) -> Float {
    var logit = logit + entry.bias
    if entry.recent > 0 {
      let penalty = options.repetitionPenalty
      logit = logit < 0 ? logit * penalty : logit / penalty
    }
    if entry.generated > 0 {
      logit -= options.presencePenalty + Float(entry.generated) * options.frequencyPenalty
    }
    return logit
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
