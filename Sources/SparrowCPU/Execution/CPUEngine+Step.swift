import SparrowSparsity
import SparrowTransformer

extension CPUEngine {
  /// Runs `tokens` of one sequence, at the positions after those in `cache`, which grows by them.
  ///
  /// At most `maximumRows` tokens, which must be in the vocabulary, and room in the cache for them.
  package func step(_ tokens: UnsafeBufferPointer<Int32>, cache: KeyValueCache) {
    precondition(tokens.count <= maximumRows && cache.count + tokens.count <= cache.capacity)
    guard !tokens.isEmpty else { return }
    turn(cache, to: cache.count + tokens.count)
    append(tokens, to: cache)
  }

  private func append(_ tokens: UnsafeBufferPointer<Int32>, to cache: KeyValueCache) {
    let isSparse = runsSparse(rows: tokens.count, sequences: 1)
    segments[0] = segment(of: cache, firstRow: 0, rows: tokens.count, isSparse: isSparse)
    run(
      StepState(
        rows: tokens.count, tokens: tokens.baseAddress!, segments: segments, segmentCount: 1))
    finish(cache, tokens, isSparse: isSparse)
  }

  /// Makes a sequence's keys and values anew where its new length turns by other frequencies than
  /// they did, as transformers does: what its tokens give is what the text up to them gives.
  private func turn(_ cache: KeyValueCache, to count: Int) {
    guard let beyond, let tokens = cache.tokens else { return }
    let isLong = max(count, cache.expectedCount) > beyond
    guard cache.turnsLong != isLong else { return }
    let filled = cache.count
    cache.truncate(to: 0)
    cache.turnsLong = isLong
    for start in stride(from: 0, to: filled, by: maximumRows) {
      let rows = min(maximumRows, filled - start)
      append(UnsafeBufferPointer(start: tokens + start, count: rows), to: cache)
    }
  }

  /// Runs one token of each of several sequences, row i being `tokens[i]` of `caches[i]`.
  package func step(_ tokens: UnsafeBufferPointer<Int32>, caches: [KeyValueCache]) {
    precondition(tokens.count == caches.count && tokens.count <= maximumRows)
    guard let base = tokens.baseAddress, !tokens.isEmpty else { return }
    let isSparse = runsSparse(rows: tokens.count, sequences: caches.count)
    for cache in caches { turn(cache, to: cache.count + 1) }
    for (index, cache) in caches.enumerated() {
      precondition(cache.count < cache.capacity)
      segments[index] = segment(of: cache, firstRow: index, rows: 1, isSparse: isSparse)
    }
    run(
      StepState(
        rows: tokens.count, tokens: base, segments: segments, segmentCount: caches.count))
    for (index, cache) in caches.enumerated() {
      finish(cache, UnsafeBufferPointer(rebasing: tokens[index..<index + 1]), isSparse: isSparse)
    }
  }

  /// Prompts and wide batches touch nearly all neurons: the dense products are faster there.
  func runsSparse(rows: Int, sequences: Int) -> Bool {
    !runsDense && rows == sequences && runsSparse(batch: rows)
  }

  /// Whether a step of one token of each of this many sequences runs the sparse program.
  package func runsSparse(batch: Int) -> Bool {
    !sparseOperations.isEmpty && batch <= min(plan.widestBatch, NeuronScores.maximumRows)
  }

  /// The rows of a step that continue a sequence.
  private func segment(
    of cache: KeyValueCache, firstRow: Int, rows: Int, isSparse: Bool
  ) -> StepSegment {
    if isSparse, cache.deferred == nil,
      let layout = sparseParts.lazy.compactMap(\.deferredKeys).first
    {
      cache.deferred = DeferredKeys(layout, count: cache.count)
    }
    return StepSegment(
      cache: cache.memory, type: cache.type, capacity: cache.capacity, firstRow: firstRow,
      rows: rows, firstPosition: cache.count, turnsLong: cache.turnsLong,
      deferred: cache.deferred?.memory)
  }

  private func finish(
    _ cache: KeyValueCache, _ tokens: UnsafeBufferPointer<Int32>, isSparse: Bool
  ) {
    if let kept = cache.tokens {
      (kept + cache.count).update(from: tokens.baseAddress!, count: tokens.count)
    }
    cache.count += tokens.count
    if !isSparse { cache.deferred?.fill(to: cache.count) }
  }
}
