package import SparrowCore
package import SparrowEngine
package import SparrowTransformer

extension CPUEngine {
  package func sequence(
    capacity: Int, type: CacheType = .f16
  ) throws(SparrowError) -> SequenceState {
    try SequenceState(model, capacity: capacity, type: type) { () throws(SparrowError) in
      try CacheMemory(model, capacity: capacity, type: type)
    }
  }

  package func step(_ batch: StepBatch) {
    precondition(batch.tokens.count <= limits.rows, "more rows than the backend takes")
    precondition(
      batch.phase == .prompt || batch.slices.count == batch.tokens.count,
      "a decoded token for each sequence")
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
      let sequence = slice.sequence
      precondition(
        sequence.count + slice.rows <= sequence.capacity, "no room in a sequence")
      segments[index] = segment(of: sequence, firstRow: row, rows: slice.rows, isSparse: isSparse)
      row += slice.rows
    }
    precondition(row == tokens.count, "slices that are not all rows")
    run(
      StepState(
        rows: row, tokens: tokens.baseAddress!, segments: segments, segmentCount: slices.count),
      isSparse: isSparse, probes: probes)
    row = 0
    for slice in slices {
      slice.sequence.fill(UnsafeBufferPointer(rebasing: tokens[row..<row + slice.rows]))
      if !isSparse { slice.sequence.cache.deferred?.fill(to: slice.sequence.count) }
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
      cache: cache.values, type: sequence.type, capacity: sequence.capacity, firstRow: firstRow,
      rows: rows, firstPosition: sequence.count, turnsLong: sequence.turnsLong,
      deferred: cache.deferred?.memory)
  }
}
