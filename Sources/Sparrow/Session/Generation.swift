import SparrowCore
import SparrowEngine
import SparrowGrammar
import SparrowTokenizers

/// One request's way from logits to text, whoever runs its steps: it chooses tokens, decodes them
/// and watches for their end.
struct Generation {
  private let options: GenerationOptions
  /// Ascending.
  private let endTokens: [Int32]
  private var constraint: TokenConstraint?
  private var sampler: Sampler
  private var decoder: StreamingDecoder
  private var stops: StopScanner
  /// Tokens that its sequence has room for after the prompt.
  private let room: Int
  private(set) var result = GenerationResult()
  /// The tokens that a constraint allows, where they are so few that their logits are gathered
  /// rather than looked for among a sparse head's candidates.
  private(set) var wantedRows: [Int32]?
  private let few: Int
  /// The greatest logits of a row are mostly all that it chooses from.
  let choosesAmongGreatest: Bool
  /// Nothing more is to be chosen; the result says why.
  private(set) var isEnded = false

  /// Of a sequence with room for `context` tokens, which holds `earlier` ones and the prompt.
  ///
  /// Throws `.argument` for options outside their ranges, `.unsupported` for a constraint that
  /// gives up at once.
  init(
    _ model: Model, _ options: GenerationOptions, after earlier: [Int32] = [], prompt: [Int32],
    context: Int, constraint: TokenConstraint? = nil
  ) throws(SparrowError) {
    try options.validate()
    self.options = options
    endTokens = options.ignoresEnd ? [] : model.endTokens.sorted()
    self.constraint = constraint
    sampler = try Sampler(options.sampling)
    decoder = StreamingDecoder(model.tokenizer, continuing: true)
    stops = StopScanner(options.stop)
    few = model.backend.limits.gatheredLogits
    choosesAmongGreatest = sampler.settles(byGreatest: model.backend.limits.greatestLogits)
    room = context - earlier.count - prompt.count
    let window = options.sampling.repetitionWindow
    earlier.suffix(window).forEach { sampler.accept($0) }
    prompt.suffix(window).forEach { sampler.accept($0) }
    result.promptTokens = prompt.count
    result.tokens.reserveCapacity(max(0, min(options.maximumTokens, room + 1)))
    isEnded = options.maximumTokens == 0
    if self.constraint?.mustEnd() == true { (result.reason, isEnded) = (.end, true) }
    if let failure { throw failure }
  }

  /// Why the text is not what it should be: its constraint gave up.
  var failure: SparrowError? { constraint?.failure }

  /// Chooses the next token, which `take` then takes; nil where a sparse head's candidates or the
  /// greatest logits cannot serve: the row's logits of `wantedRows` are then to be given, or
  /// without any its dense ones.
  mutating func choose(_ output: HeadOutput) -> Int32? {
    let allowed = allowed()
    let hasAllowed = wantedRows != nil
    wantedRows = nil
    if output.ids != nil, !output.areGreatest, !hasAllowed, let allowed, allowed.count <= few {
      var rows: [Int32] = []
      allowed.forEach { rows.append($0) }
      wantedRows = rows
      return nil
    }
    let token = sampler.choose(
      ids: output.ids, logits: output.logits, allowed: allowed, hasAllowed: hasAllowed,
      areGreatest: output.areGreatest)
    if token == nil && !output.areGreatest || output.fellBack { result.fallbacks += 1 }
    return token
  }

  /// What the constraint allows next; nil without one.
  private mutating func allowed() -> AllowedTokens? {
    guard let mask = constraint?.allowed(), let mayEnd = constraint?.mayEnd else { return nil }
    return AllowedTokens(mask: mask, ends: mayEnd ? endTokens : [])
  }

  /// Takes a chosen token and gives the text that is certain with it.
  mutating func take(_ token: Int32) -> String {
    result.tokens.append(token)
    if endTokens.contains(token) { return end(.end) }
    constraint?.accept(token)
    let (text, stopped) = stops.scan(decoder.append(token))
    result.text += text
    if stopped {
      (result.reason, isEnded) = (.stop, true)
      return text
    }
    if constraint?.mustEnd() == true { return text + end(.end) }
    if result.tokens.count == options.maximumTokens { return text + end(.length) }
    return result.tokens.count <= room ? text : text + end(.context)
  }

  /// Ends at once; what was held back is dropped.
  mutating func cancel() { (result.reason, isEnded) = (.cancelled, true) }

  /// Notes when the first token was there, and when the last.
  mutating func note(promptSeconds: Double, decodeSeconds: Double) {
    result.promptSeconds = promptSeconds
    result.decodeSeconds = decodeSeconds
  }

  /// Notes how much of the prompt was there already.
  mutating func note(cachedTokens: Int) { result.cachedTokens = cachedTokens }

  /// Gives out what was held back, and ends.
  private mutating func end(_ reason: GenerationResult.Reason) -> String {
    let (text, stopped) = stops.finish(decoder.finish())
    result.text += text
    (result.reason, isEnded) = (stopped ? .stop : reason, true)
    return text
  }
}
