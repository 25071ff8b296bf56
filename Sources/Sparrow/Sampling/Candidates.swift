/// Logits and the vocabulary rows that they belong to, ascending; without `ids` all rows from 0.
struct Candidates {
  let ids: UnsafeBufferPointer<Int32>?
  let logits: UnsafeBufferPointer<Float>

  func token(_ index: Int) -> Int32 { ids.map { $0[index] } ?? Int32(index) }

  /// Calls `body` with each token in ascending order, the logits of `penalised` tokens (ascending) adjusted and
  /// those that are not numbers made minus infinity.
  @inline(__always)
  func forEach(penalty: Float, _ penalised: [Int32], _ body: (Choice) -> Void) {
    var at = 0
    var nextPenalised = penalised.first ?? .max
    for index in logits.indices {
      let token = ids == nil ? Int32(truncatingIfNeeded: index) : ids.unsafelyUnwrapped[index]
      var logit = logits[index]
      while nextPenalised < token {
        at += 1
        nextPenalised = at < penalised.count ? penalised[at] : .max
      }
      if nextPenalised == token { logit = logit < 0 ? logit * penalty : logit / penalty }
      body(Choice(logit: logit.isNaN ? -.infinity : logit, token: token))
    }
  }
}
