public import SparrowCore
package import SparrowEngine
import SparrowTransformer

/// One sequence of a model: its tokens and their key/value cache.
///
/// Use it from one thread at a time.
public final class Session {
  public let model: Model
  let sequence: SequenceState
  /// The tokens that the sequence holds.
  public private(set) var tokens: [Int32] = []
  /// Runs the dense program and head though the model's plan is sparse: both share their weights,
  /// so that they can be compared in one process.
  package var isDense = false {
    didSet { next.isDense = isDense }
  }
  /// What looks at this session's steps.
  package var probes: StepProbes? {
    didSet { next.probes = probes }
  }
  /// A decoding step, changed for each token: nothing is allocated.
  private var next: StepBatch

  init(model: Model, sequence: SequenceState) {
    self.model = model
    self.sequence = sequence
    next = .decode([0], of: [sequence])
    tokens.reserveCapacity(sequence.capacity)
  }

  /// Tokens that the session has room for.
  public var context: Int { sequence.capacity }

  /// Runs `new` tokens after those already there, in batches.
  ///
  /// Throws `.argument` for tokens outside the vocabulary or beyond the context; the session is
  /// then unchanged. Throws `.system` where a device was lost: the model is of no more use.
  /// `isCancelled` is asked between batches; the session then keeps the batches done and
  /// `.cancelled` is thrown.
  public func append(
    _ new: [Int32], isCancelled: () -> Bool = { false }
  ) throws(SparrowError) {
    try prefill(new, isCancelled: isCancelled) { _ in }
  }

  /// Runs `new` tokens of given text, and gives the logits after the last one to `body` in the same
  /// turn at the backend.
  ///
  /// The output is valid inside `body` only, and of a dense head perhaps the greatest logits alone
  /// where `amongGreatest` says that they do. Throws as `append`; needs at least one token.
  package func advance<T: Sendable>(
    _ new: [Int32], amongGreatest: Bool = false, isCancelled: () -> Bool = { false },
    body: (HeadOutput) -> T
  ) throws(SparrowError) -> T {
    precondition(!new.isEmpty, "logits of no token")
    var result: T?
    try prefill(new, isCancelled: isCancelled) { part in
      guard part.upperBound == new.count else { return }
      result = body(model.backend.output(row: part.count - 1, amongGreatest: amongGreatest))
    }
    return result!
  }

  /// As `advance`, for one new token of this sequence and without an allocation.
  package func advance<T: Sendable>(
    _ token: Int32, amongGreatest: Bool = false, body: (HeadOutput) -> T
  ) throws(SparrowError) -> T {
    guard token >= 0, token < model.configuration.vocabulary, tokens.count < context else {
      throw refusal([token])
    }
    next.tokens[0] = token
    let result = model.exclusively {
      model.backend.step(next)
      tokens.append(token)
      return body(model.backend.output(row: 0, amongGreatest: amongGreatest))
    }
    try model.backend.check()
    return result
  }

  /// Runs `new` tokens and gives the dense logits after each from index `first` on to `body`, in
  /// order, with the rows of the backend's last step so that other heads can be run over them.
  package func score(
    _ new: [Int32], from first: Int,
    body: (_ index: Int, _ row: Int, UnsafeBufferPointer<Float>) -> Void
  ) throws(SparrowError) {
    try prefill(new) { part in
      let start = max(first, part.lowerBound)
      guard start < part.upperBound else { return }
      model.backend.logits(of: start - part.lowerBound..<part.count) { row, logits in
        body(part.lowerBound + row, row, logits)
      }
    }
  }

  /// Runs given text in as many rows at once as the backend takes; `body` gets the indices of each
  /// part's tokens in the same turn.
  private func prefill(
    _ new: [Int32], isCancelled: () -> Bool = { false }, _ body: (Range<Int>) -> Void
  ) throws(SparrowError) {
    try check(new)
    sequence.expectedCount = tokens.count + new.count
    defer { sequence.expectedCount = 0 }
    let rows = model.backend.limits.rows
    for start in stride(from: 0, to: new.count, by: rows) {
      if isCancelled() { throw .stopped }
      let part = start..<min(start + rows, new.count)
      model.exclusively {
        model.backend.step(.prompt(new[part], of: sequence, isDense: isDense, probes: probes))
        tokens.append(contentsOf: new[part])
        body(part)
      }
      try model.backend.check()
    }
  }

  /// Forgets the tokens from `count` on.
  public func truncate(to count: Int) {
    precondition((0...tokens.count).contains(count), "more tokens than there are")
    tokens.removeLast(tokens.count - count)
    sequence.truncate(to: count)
  }

  /// Forgets all tokens and gives their memory back.
  public func clear() {
    tokens.removeAll(keepingCapacity: true)
    sequence.clear()
  }

  private func check(_ new: [Int32]) throws(SparrowError) {
    let vocabulary = model.configuration.vocabulary
    guard tokens.count + new.count <= context, new.allSatisfy({ (0..<vocabulary) ~= Int($0) })
    else { throw refusal(new) }
  }

  private func refusal(_ new: [Int32]) -> SparrowError {
    let vocabulary = model.configuration.vocabulary
    if let bad = new.first(where: { $0 < 0 || $0 >= vocabulary }) {
      return SparrowError(
        .argument, file: model.path, field: "token", found: "\(bad)",
        expected: "0 to \(vocabulary - 1)")
    }
    return SparrowError(
      .argument, file: model.path, field: "context",
      found: "\(tokens.count + new.count) tokens", expected: "at most \(context) (--context)")
  }
}

extension Model {
  /// A new sequence with room for `context` tokens, by default the model's own, at most 8192.
  ///
  /// Reserves address space only; memory follows the sequence. Throws `.argument` beyond the
  /// model's context.
  public func session(
    context: Int? = nil, cache: CacheType = .f16
  ) throws(SparrowError) -> Session {
    let context = try contextLength(context)
    return Session(
      model: self, sequence: try backend.sequence(capacity: context, type: cache))
  }

  /// `context`, or without one the model's own, at most 8192. Throws `.argument` beyond it.
  func contextLength(_ context: Int?) throws(SparrowError) -> Int {
    let limit = configuration.contextLength
    let context = context ?? min(limit, 8192)
    guard (1...limit).contains(context) else {
      throw SparrowError(
        .argument, file: path, field: "context", found: "\(context)",
        expected: "1 to the model's \(limit)")
    }
    return context
  }
}
