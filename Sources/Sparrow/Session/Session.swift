package import SparrowCPU
public import SparrowCore
import SparrowTransformer

/// One sequence of a model: its tokens and their key/value cache.
///
/// Use it from one thread at a time.
public final class Session {
  public let model: Model
  let cache: KeyValueCache
  /// The tokens that the cache holds.
  public private(set) var tokens: [Int32] = []
  private let single = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  init(model: Model, cache: KeyValueCache) {
    self.model = model
    self.cache = cache
    tokens.reserveCapacity(cache.capacity)
  }

  deinit { single.deallocate() }

  /// Tokens that the session has room for.
  public var context: Int { cache.capacity }

  /// Runs `new` tokens after those already there, in batches.
  ///
  /// Throws `.argument` for tokens outside the vocabulary or beyond the context; the session is then
  /// unchanged. `isCancelled` is asked between batches; the session then keeps the batches done and
  /// `.cancelled` is thrown.
  public func append(
    _ new: [Int32], isCancelled: () -> Bool = { false }
  ) throws(SparrowError) {
    try check(new)
    cache.expectedCount = tokens.count + new.count
    defer { cache.expectedCount = 0 }
    var start = 0
    while start < new.count {
      if isCancelled() { throw .stopped }
      let end = min(start + model.engine.maximumRows, new.count)
      model.exclusively { step(new[start..<end]) }
      start = end
    }
  }

  /// Runs `new` tokens and gives the logits after the last one to `body`, as one turn at the engine.
  ///
  /// The output is valid inside `body` only. Throws as `append`; needs at least one token.
  package func advance<T: Sendable>(
    _ new: [Int32], isCancelled: () -> Bool = { false }, body: (HeadOutput) -> T
  ) throws(SparrowError) -> T {
    precondition(!new.isEmpty, "logits of no token")
    try check(new)
    try append(Array(new.dropLast()), isCancelled: isCancelled)
    return try advance(new[new.count - 1], body: body)
  }

  /// As `advance`, for one token and without an allocation.
  package func advance<T: Sendable>(
    _ token: Int32, body: (HeadOutput) -> T
  ) throws(SparrowError) -> T {
    guard token >= 0, token < model.configuration.vocabulary, tokens.count < context else {
      throw refusal([token])
    }
    single.pointee = token
    return model.exclusively {
      model.engine.step(UnsafeBufferPointer(start: single, count: 1), cache: cache)
      tokens.append(token)
      return body(model.engine.output(row: 0))
    }
  }

  /// Runs `new` tokens and gives the dense logits after each from index `first` on to `body`, in order,
  /// with the rows of the engine's last step so that other heads can be run over them.
  package func score(
    _ new: [Int32], from first: Int,
    body: (_ index: Int, _ row: Int, UnsafeBufferPointer<Float>) -> Void
  ) throws(SparrowError) {
    try check(new)
    cache.expectedCount = tokens.count + new.count
    defer { cache.expectedCount = 0 }
    for start in stride(from: 0, to: new.count, by: model.engine.maximumRows) {
      let end = min(start + model.engine.maximumRows, new.count)
      model.exclusively {
        step(new[start..<end])
        var row = max(first, start)
        while row < end {
          let group = row..<min(row + CPUEngine.maximumLogitRows, end)
          let logits = model.engine.logits(
            rows: group.lowerBound - start..<group.upperBound - start)
          let vocabulary = model.configuration.vocabulary
          for index in group {
            let offset = (index - row) * vocabulary
            body(
              index, index - start,
              UnsafeBufferPointer(rebasing: logits[offset..<offset + vocabulary]))
          }
          row = group.upperBound
        }
      }
    }
  }

  private func step(_ part: ArraySlice<Int32>) {
    part.withUnsafeBufferPointer { model.engine.step($0, cache: cache) }
    tokens.append(contentsOf: part)
  }

  /// Forgets the tokens from `count` on.
  public func truncate(to count: Int) {
    precondition((0...tokens.count).contains(count), "more tokens than there are")
    tokens.removeLast(tokens.count - count)
    cache.truncate(to: count)
  }

  /// Forgets all tokens and gives the cache's memory back.
  public func clear() {
    tokens.removeAll(keepingCapacity: true)
    cache.clear()
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
