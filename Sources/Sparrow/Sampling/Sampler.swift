public import SparrowCore

/// Chooses tokens from logits by `SamplingOptions`, the same way whether all of the vocabulary's
/// logits are there or only those of a sparse head's candidates.
///
/// Its state is the random number generator and the tokens that have come. It keeps its scratch
/// memory: after the first token of the largest vocabulary nothing is allocated. Logits that are
/// not numbers count as minus infinity; when none is left the first token is taken. Equal logits
/// rank by token, lowest first.
public struct Sampler: Sendable {
  public let options: SamplingOptions
  private var random: SeededRandom
  private var history: TokenHistory
  /// Some option can make a token likelier.
  private let raises: Bool
  private var kept: [Choice] = []
  /// The allowed tokens and their logits.
  private var masked: MaskedLogits = ([], [])
  private typealias MaskedLogits = (ids: [Int32], logits: [Float])

  /// Throws `.argument` when an option is outside its range.
  public init(_ options: SamplingOptions = .greedy) throws(SparrowError) {
    try options.validate()
    self.options = options
    random = SeededRandom(seed: options.seed)
    history = TokenHistory(options)
    raises =
      options.repetitionPenalty < 1 || options.presencePenalty < 0 || options.frequencyPenalty < 0
      || options.bias.values.contains { $0 > 0 }
  }

  /// Counts a token that was not sampled, such as the prompt's, as recent.
  public mutating func accept(_ token: Int32) { history.append(token, isGenerated: false) }

  /// Forgets the tokens that have come and begins again at the seed.
  public mutating func reset() {
    history.removeAll()
    random = SeededRandom(seed: options.seed)
  }

  /// Chooses from the logits of the whole vocabulary, `[vocabulary]`, not empty.
  public mutating func sample(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    sample(tokens(nil, logits))
  }

  /// Chooses from a sparse head's candidates: vocabulary rows, ascending, and their exact logits,
  /// not empty.
  public mutating func sample(
    ids: UnsafeBufferPointer<Int32>, logits: UnsafeBufferPointer<Float>
  ) -> Int32 {
    precondition(ids.count == logits.count, "a logit for each candidate")
    return sample(tokens(ids, logits))
  }

  /// Chooses from a head's logits, among `allowed` where given.
  ///
  /// nil where a sparse head's candidates cannot serve, because a token that is none of them may be
  /// likelier: the row's dense logits are then to be asked. Of dense logits something is allowed.
  /// `hasAllowed` says that all allowed tokens are among the candidates; `areGreatest`, that these
  /// are the greatest of a dense head's logits, of which what is chosen is what all would give.
  mutating func choose(
    ids: UnsafeBufferPointer<Int32>?, logits: UnsafeBufferPointer<Float>, allowed: AllowedTokens?,
    hasAllowed: Bool = false, areGreatest: Bool = false
  ) -> Int32? {
    let tokens = tokens(ids, logits)
    func serves(_ left: TokenLogits) -> Bool {
      if ids == nil || hasAllowed { return true }
      return areGreatest ? settles(byGreatest: left.count) : serve(left, of: tokens)
    }
    guard let allowed else { return serves(tokens) ? sample(tokens) : nil }
    if ids == nil, !isDrawn {
      // Inside a text nearly everything is allowed, the likeliest token too.
      let best = likeliest(tokens).token
      if allowed.contains(best) { return take(best) }
    }
    var scratch = ([], []) as MaskedLogits
    swap(&scratch, &masked)
    defer { swap(&scratch, &masked) }
    gather(tokens, allowed, into: &scratch)
    guard ids == nil || !scratch.ids.isEmpty else { return nil }
    return scratch.ids.withUnsafeBufferPointer { own in
      scratch.logits.withUnsafeBufferPointer {
        let left = self.tokens(own, $0)
        return serves(left) ? sample(left) : nil
      }
    }
  }

  /// Whether so many of the greatest logits settle what is chosen: no logit changes, and the
  /// likeliest token is taken or top-k cuts before anything else.
  func settles(byGreatest count: Int) -> Bool {
    !options.changesLogits && (isDrawn ? 0 < options.topK && options.topK < count : count > 0)
  }

  /// Whether the likeliest of the candidates that are left is one though their logits change: no
  /// other token's logit is above the least of all candidates'.
  private func serve(_ left: TokenLogits, of candidates: TokenLogits) -> Bool {
    if history.entries.isEmpty { return true }
    return !raises && likeliest(left).logit >= (candidates.logits.min() ?? .infinity)
  }

  /// The tokens that are allowed.
  private func gather(
    _ tokens: TokenLogits, _ allowed: AllowedTokens, into masked: inout MaskedLogits
  ) {
    masked.ids.removeAll(keepingCapacity: true)
    masked.logits.removeAll(keepingCapacity: true)
    func keep(_ token: Int32, _ index: Int) {
      masked.ids.append(token)
      masked.logits.append(tokens.logits[index])
    }
    if let ids = tokens.ids {
      for (index, token) in ids.enumerated() where allowed.contains(token) { keep(token, index) }
    } else {
      allowed.forEach { if $0 < tokens.count { keep($0, Int($0)) } }
    }
  }

  private mutating func sample(_ tokens: TokenLogits) -> Int32 {
    precondition(!tokens.logits.isEmpty, "no logits to sample from")
    return take(isDrawn ? draw(tokens) : likeliest(tokens).token)
  }

  private var isDrawn: Bool { (1 / options.temperature).isFinite }

  private mutating func take(_ token: Int32) -> Int32 {
    history.append(token, isGenerated: true)
    return token
  }

  private func tokens(
    _ ids: UnsafeBufferPointer<Int32>?, _ logits: UnsafeBufferPointer<Float>
  ) -> TokenLogits {
    TokenLogits(ids: ids, logits: logits, entries: history.entries, options: options)
  }

  private func likeliest(_ tokens: TokenLogits) -> Choice {
    var best = Choice(logit: -.infinity, token: tokens.token(0))
    tokens.scan { choice in
      if choice.logit > best.logit { best = choice }
      return best.logit
    }
    return best
  }

  private mutating func draw(_ tokens: TokenLogits) -> Int32 {
    var least = -Float.infinity
    if options.topK > 0, options.topK < tokens.count {
      keepLikeliest(options.topK, of: tokens)
      Choice.sort(&kept)
      if options.topP < 1 { cut(toMass: options.topP, of: mass(of: kept)) }
    } else if options.topP < 1 {
      keepNucleus(of: tokens)
    } else {
      if options.minP > 0 { least = likeliest(tokens).logit + Float.log(options.minP) }
      keepAll(of: tokens, from: least)
    }
    let top = kept.reduce(-Float.infinity) { max($0, $1.logit) }
    guard top > -.infinity else { return tokens.token(0) }
    guard top < .infinity else { return kept.first { $0.logit == top }!.token }
    if options.minP > 0, least == -.infinity {
      least = top + Float.log(options.minP)
      kept.removeAll { $0.logit < least }
    }
    return pick(top: top)
  }

  /// Draws from `kept` by the softmax of its logits over the temperature; leaves weights in their
  /// place.
  private mutating func pick(top: Float) -> Int32 {
    let scale = 1 / options.temperature
    var sum = 0.0
    for index in kept.indices {
      let weight = Float.exp((kept[index].logit - top) * scale)
      kept[index].logit = weight
      sum += Double(weight)
    }
    let target = Double(random.next() >> 11) * 0x1p-53 * sum
    var reached = 0.0
    for choice in kept {
      reached += Double(choice.logit)
      if reached > target { return choice.token }
    }
    return kept[kept.count - 1].token
  }

  /// Fills `kept` with the tokens at or above `least`, ascending.
  private mutating func keepAll(of tokens: TokenLogits, from least: Float) {
    kept.removeAll(keepingCapacity: true)
    kept.reserveCapacity(tokens.count)
    tokens.scan { choice in
      if choice.logit >= least { kept.append(choice) }
      return least.nextDown
    }
  }

  /// Fills `kept` with the `count` likeliest: a heap whose root is the least likely, or all.
  private mutating func keepLikeliest(_ count: Int, of tokens: TokenLogits) {
    kept.removeAll(keepingCapacity: true)
    kept.reserveCapacity(min(count, tokens.count))
    tokens.scan { choice in
      if kept.count < count {
        kept.append(choice)
        guard kept.count == count else { return -.infinity }
        Choice.makeHeap(&kept)
      } else if choice.logit > kept[0].logit {
        kept[0] = choice
        Choice.sink(&kept, from: 0, count: count)
      }
      return kept[0].logit
    }
  }

  /// Top-p over all tokens: sorts only as many of the likeliest as the mass needs, in growing
  /// portions.
  private mutating func keepNucleus(of tokens: TokenLogits) {
    let top = likeliest(tokens).logit
    var total = 0.0
    tokens.scan { choice in
      total += Double(Float.exp(choice.logit - top))
      return -.infinity
    }
    var portion = 256
    while true {
      keepLikeliest(portion, of: tokens)
      Choice.sort(&kept)
      // Not a number where the logits hold an infinity: nothing to cut, `draw` takes the first such
      // token.
      if !total.isFinite || cut(toMass: options.topP, of: total) { return }
      if portion >= tokens.count { return }
      portion *= 8
    }
  }

  /// Cuts `kept`, sorted, after the token that brings its sum to `part` of `total`; false when it
  /// falls short.
  @discardableResult
  private mutating func cut(toMass part: Float, of total: Double) -> Bool {
    guard let top = kept.first?.logit else { return false }
    var sum = 0.0
    for index in kept.indices {
      sum += Double(Float.exp(kept[index].logit - top))
      if sum >= Double(part) * total {
        kept.removeLast(kept.count - index - 1)
        return true
      }
    }
    return false
  }

  private func mass(of choices: [Choice]) -> Double {
    guard let top = choices.first?.logit else { return 0 }
    return choices.reduce(0) { $0 + Double(Float.exp($1.logit - top)) }
  }
}
