import SparrowCore
import SparrowEngine

/// A request while a scheduler has it; only the engine's thread touches it once it is submitted.
final class ScheduledRequest: @unchecked Sendable {
  let request: GenerationRequest
  let mailbox: Mailbox
  /// It runs the dense program, head included.
  let isDense: Bool
  var generation: Generation
  /// The prompt's tokens, then the chosen ones.
  private(set) var tokens: [Int32]
  /// Its keys and values, while it runs.
  var sequence: SequenceState?
  /// Tokens, from the first, that run as given text; those after them are decoded.
  private var givenCount: Int
  /// Tokens of the prompt whose successors have been scored, the first of all included.
  private var scored = 0
  /// Its last piece has been given.
  private(set) var isFinished = false
  private let submitted = monotonicSeconds()
  private var firstToken: Double?

  init(_ request: GenerationRequest, _ generation: Generation, isDense: Bool, bell: Bell) {
    self.request = request
    self.generation = generation
    self.isDense = isDense
    mailbox = Mailbox(bell: bell)
    tokens = request.prompt
    givenCount = request.decodesPrompt && !isDense ? 1 : request.prompt.count
  }

  /// Tokens that its sequence holds.
  var filled: Int { sequence?.count ?? 0 }

  /// Tokens of given text that are still to be run.
  var givenLeft: Int { max(givenCount - filled, 0) }

  /// The tokens of given text that a step may take, up to `count`.
  func given(_ count: Int) -> ArraySlice<Int32> { tokens[filled..<filled + min(count, givenLeft)] }

  /// The token that a decoding step takes.
  var next: Int32 { tokens[filled] }

  /// All of its tokens have run, so that another one is to be chosen.
  var isComplete: Bool { filled == tokens.count }

  /// Positions that it can need at most.
  func positions(_ context: Int) -> Int {
    min(context, request.prompt.count + max(request.options.maximumTokens, 1) - 1)
  }

  // MARK: - What it gives

  /// Takes a chosen token.
  func take(_ token: Int32, _ bytes: [UInt8]) {
    if firstToken == nil { firstToken = monotonicSeconds() }
    tokens.append(token)
    let text = generation.take(token)
    mailbox.put { piece in
      piece.text += text
      piece.tokens.append(GeneratedToken(id: token, bytes: bytes))
    }
    if generation.isEnded { finish() }
  }

  /// Ends it before its time.
  func cancel() {
    generation.cancel()
    finish()
  }

  /// Gives its result out.
  func finish(_ error: SparrowError? = nil) {
    isFinished = true
    let now = monotonicSeconds()
    let first = firstToken ?? now
    generation.note(promptSeconds: first - submitted, decodeSeconds: now - first)
    mailbox.end(generation.result, error)
  }
}
