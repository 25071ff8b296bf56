package import SparrowEngine
package import SparrowTransformer

extension CPUEngine {
  package func pageMemory(_ pages: Int, _ type: CacheType) -> (any PageMemory)? {
    MappedPages(pages, bytes: PagePool.pageBytes(model, type))
  }

  package func sequenceMemory(capacity: Int, in pool: PagePool) -> any SequenceMemory {
    CacheMemory(pages: min(CachePage.count(for: capacity), pool.limit))
  }

  package func step(_ batch: StepBatch) {
    requireFit(batch)
    runsPlannedHead = !batch.isDense
    guard !batch.tokens.isEmpty else { return }
    for slice in batch.slices { turn(slice.sequence, rows: slice.rows) }
    batch.tokens.withUnsafeBufferPointer {
      run($0, batch.slices, isSparse: runsSparse(batch), probes: batch.probes)
    }
  }

  /// Makes a sequence's keys and values anew where its new length turns by other frequencies than
  /// they did: what its tokens give is what the text up to them gives.
  private func turn(_ sequence: SequenceState, rows: Int) {
    sequence.turn(to: sequence.count + rows) { tokens in
      for start in stride(from: 0, to: tokens.count, by: limits.rows) {
        let part = UnsafeBufferPointer(rebasing: tokens[start...].prefix(limits.rows))
        run(part, [.init(sequence, rows: part.count)], isSparse: false, probes: nil)
      }
    }
  }

  private func run(
    _ tokens: UnsafeBufferPointer<Int32>, _ slices: [StepBatch.Slice], isSparse: Bool,
    probes: StepProbes?
  ) {
    var row = 0
    for (index, slice) in slices.enumerated() {
      let hasRoom = slice.sequence.reserve(slice.rows)
      precondition(hasRoom, "no pages for a sequence")
      segments[index] = segment(
        of: slice.sequence, firstRow: row, rows: slice.rows, isSparse: isSparse)
      row += slice.rows
    }
    precondition(row == tokens.count, "slices that are not all rows")
    run(
      StepState(
        rows: row, tokens: tokens.baseAddress!, segments: segments, segmentCount: slices.count),
      isSparse: isSparse, probes: probes)
    row = 0
    for slice in slices {
      let deferred = slice.sequence.cache.deferred
      slice.sequence.fill(
        UnsafeBufferPointer(rebasing: tokens[row..<row + slice.rows]),
        !isSparse ? .dense : deferred == nil ? .sparse : .deferred)
      if !isSparse { deferred?.fill(to: slice.sequence.count) }
      row += slice.rows
    }
  }

  /// The rows of a step that continue a sequence.
  private func segment(
    of sequence: SequenceState, firstRow: Int, rows: Int, isSparse: Bool
  ) -> StepSegment {
    let cache = sequence.cache
    if isSparse, cache.deferred == nil, let deferredKeys {
      cache.deferred = DeferredKeys(deferredKeys, count: sequence.count)
    }
    return StepSegment(
      pages: cache.pages, type: sequence.pool.type, firstRow: firstRow, rows: rows,
      firstPosition: sequence.count, turnsLong: sequence.turnsLong,
      deferred: cache.deferred?.memory)
  }
}
