import SparrowCore
import SparrowEngine
import SparrowTokenizers

/// One run of sampling: steps the session, decodes text, watches for its end.
struct Generation {
  let session: Session
  let options: GenerationOptions
  private var sampler: Sampler
  private var decoder: StreamingDecoder
  private var stops: StopScanner
  private var result = GenerationResult()

  init(session: Session, options: GenerationOptions) throws(SparrowError) {
    guard options.maximumTokens >= 0 else {
      throw SparrowError(
        .argument, field: "tokens", found: "\(options.maximumTokens)", expected: "0 or more")
    }
    self.session = session
    self.options = options
    sampler = try Sampler(options.sampling)
    decoder = StreamingDecoder(session.model.tokenizer, continuing: true)
    stops = StopScanner(options.stop)
  }

  mutating func run(
    _ prompt: [Int32], receive: (String) -> Bool
  ) throws(SparrowError) -> GenerationResult {
    let start = monotonicSeconds()
    session.tokens.suffix(options.sampling.repetitionWindow).forEach { sampler.accept($0) }
    prompt.suffix(options.sampling.repetitionWindow).forEach { sampler.accept($0) }
    result.promptTokens = prompt.count
    result.tokens.reserveCapacity(min(options.maximumTokens, session.context))
    var decodeStart = start
    do throws(SparrowError) {
      let first = try session.advance(prompt, isCancelled: { !receive("") }) { sample($0) }
      decodeStart = monotonicSeconds()
      result.promptSeconds = decodeStart - start
      if options.maximumTokens > 0 { try decode(from: first, receive) }
    } catch  where error.kind == .cancelled {
      result.reason = .cancelled
    }
    result.decodeSeconds = monotonicSeconds() - decodeStart
    return result
  }

  private mutating func decode(
    from first: Int32, _ receive: (String) -> Bool
  ) throws(SparrowError) {
    var token = first
    while true {
      result.tokens.append(token)
      guard accept(token, receive) else { return }
      token = try session.advance(token) { sample($0) }
    }
  }

  private mutating func sample(_ output: HeadOutput) -> Int32 {
    if output.fellBack { result.fallbacks += 1 }
    if let ids = output.ids { return sampler.sample(ids: ids, logits: output.logits) }
    return sampler.sample(output.logits)
  }

  /// Gives the token's text out; false, with the reason noted, when it was the last.
  private mutating func accept(_ token: Int32, _ receive: (String) -> Bool) -> Bool {
    if !options.ignoresEnd, session.model.endTokens.contains(token) {
      return end(.end, receive)
    }
    let (text, stopped) = stops.scan(decoder.append(token))
    let wanted = give(text, receive)
    if stopped {
      result.reason = .stop
      return false
    }
    if !wanted {
      result.reason = .cancelled
      return false
    }
    if result.tokens.count == options.maximumTokens { return end(.length, receive) }
    return session.tokens.count < session.context || end(.context, receive)
  }

  /// Gives out what was held back, and ends.
  private mutating func end(
    _ reason: GenerationResult.Reason, _ receive: (String) -> Bool
  ) -> Bool {
    let (text, stopped) = stops.finish(decoder.finish())
    give(text, receive)
    result.reason = stopped ? .stop : reason
    return false
  }

  @discardableResult
  private mutating func give(_ text: String, _ receive: (String) -> Bool) -> Bool {
    result.text += text
    return receive(text)
  }
}
