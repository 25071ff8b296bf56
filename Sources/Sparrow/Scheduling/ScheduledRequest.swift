import SparrowCore
import SparrowEngine
import SparrowTokenizers

/// A request while a scheduler has it; only the engine's thread touches it once it is submitted.
final class ScheduledRequest: @unchecked Sendable {
  let request: GenerationRequest
  let mailbox: Mailbox
  /// It runs the dense program, head included.
  let isDense: Bool
  /// Its last piece has been given.
  private(set) var isFinished = false
  private var generation: Generation
  /// The prompt's tokens, then the chosen ones.
  private(set) var tokens: [Int32]
  /// Its keys and values, while it runs.
  private(set) var sequence: SequenceState?
  /// Pages of its own that others may take.
  var sharedPages = 0
  /// Its place in the order in which requests came.
  var order = 0
  /// Tokens, from the first, that run as given text; those after them are decoded.
  private var givenCount: Int
  /// Its given text ends where long texts begin, which turn otherwise.
  private var hasTurned = false
  /// What the last step chose; nil where it has not, or cannot without dense logits.
  private var chosen: Int32?
  /// The same with its log-probability, where that is asked for.
  private var scored: GeneratedToken?
  /// The prompt's tokens with theirs, as far as they are known.
  private var scoredPrompt: [GeneratedToken] = []
  /// What the last step touched.
  private var activity = TokenActivity()
  private let submitted = monotonicSeconds()
  private var firstToken: Double?

  private let tokenizer: Tokenizer

  /// Throws `.argument` for options outside their ranges, `.unsupported` for a constraint that
  /// gives up at once.
  init(
    _ request: GenerationRequest, of model: Model, context: Int, bell: Bell
  ) throws(SparrowError) {
    generation = try Generation(
      model, request.options, prompt: request.prompt, context: context,
      constraint: request.constraint)
    tokenizer = model.tokenizer
    isDense = request.plan == .dense || !model.isSparse
    self.request = request
    mailbox = Mailbox(bell: bell)
    tokens = request.prompt
    givenCount = request.decodesPrompt && !isDense ? 1 : request.prompt.count
    if request.scoresPrompt { scoredPrompt = [generated(tokens[0])] }
  }

  // MARK: - What it wants to run

  /// Tokens that its sequence holds.
  var filled: Int { sequence?.count ?? 0 }

  /// Tokens of given text that are still to be run.
  var givenLeft: Int { max(givenCount - filled, 0) }

  /// Its reader lags, so that it rests.
  var isLagging: Bool { givenLeft == 0 && mailbox.isFull }

  /// A decoding step is next, and its reader keeps up.
  var isStreaming: Bool { givenLeft == 0 && !mailbox.isFull }

  /// The text that runs as given.
  var given: ArraySlice<Int32> { tokens[..<givenCount] }

  /// The tokens of given text that a step may take, up to `count`.
  func given(_ count: Int) -> ArraySlice<Int32> { tokens[filled..<filled + min(count, givenLeft)] }

  /// The token that a decoding step takes.
  var next: Int32 { tokens[filled] }

  /// All of its tokens have run, so that another one is to be chosen.
  var isComplete: Bool { filled == tokens.count }

  /// Positions that it can need at most.
  func positions(_ context: Int) -> Int {
    let answer = max(request.options.maximumTokens, 1) - 1
    return request.prompt.count + min(answer, context - request.prompt.count)
  }

  /// Text whose pages it may take from others, who ran it as it would: all but a last token, after
  /// which the next is chosen. None where its prompt's scores are wanted.
  var sharedText: ArraySlice<Int32> {
    request.scoresPrompt ? [] : tokens[..<max(min(givenCount, tokens.count - 1), 0)]
  }

  // MARK: - When it runs

  /// Begins, or begins again, in a sequence that has the pages of some of its text already.
  func begin(in sequence: SequenceState) {
    if firstToken == nil { generation.note(cachedTokens: sequence.count) }
    sequence.expectedCount = max(request.prompt.count, givenCount + (hasTurned ? 1 : 0))
    self.sequence = sequence
    sharedPages = sequence.count / CachePage.positions
  }

  /// Empties its sequence where its next token makes it a long one (LongRoPE): all before then runs
  /// as given text, as a backend would run it at once.
  func beginLong() {
    guard let sequence, !sequence.turnsLong else { return }
    (givenCount, hasTurned) = (filled, true)
    sequence.truncate(to: 0)
    sequence.expectedCount = givenCount + 1
    // The pages that it had.
    _ = sequence.reserve(givenCount)
  }

  /// Gives its pages up, to begin again later: what dense steps chose then runs as given text, what
  /// sparse ones chose is decoded once more. The bits are the same.
  func suspend() {
    mailbox.flush()
    sequence = nil
    if isDense { givenCount = tokens.count }
  }

  // MARK: - What it reads of a step

  /// Another token is to be chosen after the last row.
  var wantsToken: Bool { isComplete && !generation.isEnded }

  /// The prompt's log-probabilities are still to be told.
  var wantsPromptScores: Bool {
    request.scoresPrompt && scoredPrompt.count < request.prompt.count
  }

  /// What it wants to know of its last row takes dense logits, which have not been read.
  var wantsDense: Bool {
    guard wantsToken else { return wantsPromptScores && filled == scoredPrompt.count }
    return chosen == nil || request.logProbabilities != nil && scored == nil
  }

  /// The greatest logits are mostly all that it reads.
  var readsGreatest: Bool { generation.choosesAmongGreatest && request.logProbabilities == nil }

  /// Reads its last row's output, by the head of its choice.
  func read(_ output: HeadOutput) {
    if wantsToken { chosen = generation.choose(output) }
    if output.ids == nil, wantsDense { readDense(output) }
  }

  /// The vocabulary rows whose logits of its last row decide; nil where other outputs do.
  var wantedRows: [Int32]? { wantsToken && chosen == nil ? generation.wantedRows : nil }

  /// Reads its last row's dense logits.
  func readDense(_ output: HeadOutput) {
    guard wantsToken else { return scorePrompt(output, at: filled) }
    let token = chosen ?? generation.choose(output)!
    chosen = token
    if request.logProbabilities != nil { scored = generated(token, output) }
  }

  /// Reads the dense logits before the prompt's token at `index`.
  func scorePrompt(_ output: HeadOutput, at index: Int) {
    guard wantsPromptScores, index == scoredPrompt.count else { return }
    scoredPrompt.append(generated(tokens[index], output))
  }

  private func generated(_ token: Int32, _ output: HeadOutput? = nil) -> GeneratedToken {
    GeneratedToken(
      id: token, bytes: tokenizer.bytes(of: token),
      logProbability: output?.logProbability(of: token),
      likeliest: output?.likeliest(request.logProbabilities ?? 0).map {
        TokenProbability(id: $0.token, logProbability: $0.logProbability)
      } ?? [])
  }

  /// What its row touches in the step at hand.
  func note(_ selected: Selected) { activity.add(selected) }

  // MARK: - What it gives

  /// Gives out what the last step brought; true for a token.
  func deliver() -> Bool {
    guard isComplete else {
      activity = TokenActivity()
      return false
    }
    let prompt = generation.result.tokens.isEmpty ? scoredPrompt : []
    guard let chosen else {
      mailbox.put { $0.prompt = prompt }
      finish()
      return false
    }
    if firstToken == nil { firstToken = monotonicSeconds() }
    let token = scored ?? generated(chosen)
    let text = generation.take(chosen)
    tokens.append(chosen)
    mailbox.put { piece in
      piece.text += text
      piece.tokens.append(token)
      piece.prompt += prompt
      if request.reportsActivity { piece.activity.append(activity) }
    }
    (self.chosen, scored, activity) = (nil, nil, TokenActivity())
    if generation.isEnded { finish(generation.failure) }
    return true
  }

  /// Ends it before its time, where its time has not come already.
  func cancel() {
    guard !isFinished else { return }
    generation.cancel()
    finish()
  }

  /// Gives its result out, or an error.
  func finish(_ error: SparrowError? = nil) {
    isFinished = true
    sequence = nil
    let now = monotonicSeconds()
    let first = firstToken ?? now
    generation.note(promptSeconds: first - submitted, decodeSeconds: now - first)
    mailbox.end(generation.result, error)
  }
}
