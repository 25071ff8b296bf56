import CSparrowCUDA
import SparrowCore
package import SparrowEngine
package import SparrowTransformer

extension CUDAEngine {
  package func pageMemory(_ pages: Int, _ type: CacheType) -> (any PageMemory)? {
    try? DevicePages(pages, bytes: PagePool.pageBytes(model, type), in: context) {
      [weak self] error in self?.attempt { () throws(SparrowError) in throw error }
    }
  }

  package func sequenceMemory(capacity: Int, in pool: PagePool) -> any SequenceMemory {
    SequencePages(pages: min(CachePage.count(for: capacity), pool.limit))
  }

  package func step(_ batch: StepBatch) {
    requireFit(batch)
    guard !batch.tokens.isEmpty else { return }
    for slice in batch.slices {
      // What its tokens give is what the text up to them gives, by the frequencies of its length.
      slice.sequence.turn(to: slice.sequence.count + slice.rows) { tokens in
        for start in stride(from: 0, to: tokens.count, by: limits.rows) {
          let part = tokens[start...].prefix(limits.rows)
          run(.prompt(part, of: slice.sequence, isDense: true))
        }
      }
    }
    run(batch)
  }

  private func run(_ batch: StepBatch) {
    wait()
    let isSparse = runsSparse(batch)
    if !isSparse { catchUp(batch.slices.map(\.sequence)) }
    var row = 0
    var positions = 0
    for slice in batch.slices {
      let sequence = slice.sequence
      let hasRoom = sequence.reserve(slice.rows)
      precondition(hasRoom, "no pages for a sequence")
      attempt { () throws(SparrowError) in
        let pages = try sequence.devicePages.send(in: context)
        let kept = try isSparse ? keptInputs(of: sequence) : 0
        for index in 0..<slice.rows {
          let value = scu_row(
            token: batch.tokens[row + index], position: Int32(sequence.count + index),
            pages: pages, kept: kept)
          operands.inputs.set(row + index, value, turnsLong: sequence.turnsLong)
        }
      }
      row += slice.rows
      positions = max(positions, sequence.count + slice.rows)
    }
    precondition(row == batch.tokens.count, "slices that are not all rows")
    let type = batch.slices[0].sequence.pool.type
    precondition(batch.slices.allSatisfy { $0.sequence.pool.type == type }, "caches of two types")
    attempt { () throws(SparrowError) in
      try run(StepShape(rows: row, positions: positions, type: type), batch: batch)
    }
    batch.tokens.withUnsafeBufferPointer { tokens in
      var row = 0
      for slice in batch.slices {
        let new = UnsafeBufferPointer(rebasing: tokens[row..<row + slice.rows])
        slice.sequence.fill(new, isSparse ? slice.sequence.sparseOrigin : .dense)
        if !isSparse { slice.sequence.devicePages.kept?.fill(to: slice.sequence.count) }
        row += slice.rows
      }
    }
  }

  /// Where a sequence keeps what skipped heads will want; 0 where no head skips its keys.
  private func keptInputs(of sequence: SequenceState) throws(SparrowError) -> UInt64 {
    guard let attention = parts.attention else { return 0 }
    let pages = sequence.devicePages
    if pages.kept == nil { pages.kept = try attention.keptInputs(count: sequence.count) }
    return try pages.kept?.settle() ?? 0
  }

  /// Makes the keys and values that heads of sequences lack, so that a dense step finds them all.
  private func catchUp(_ sequences: [SequenceState]) {
    let late = sequences.filter { $0.devicePages.kept?.isBehind == true }
    guard let attention = parts.attention else { return }
    for start in stride(from: 0, to: late.count, by: StepShape.sparseRows) {
      let part = late[start...].prefix(StepShape.sparseRows)
      attempt { () throws(SparrowError) in
        for (row, sequence) in part.enumerated() {
          let value = scu_row(
            token: 0, position: Int32(sequence.count),
            pages: try sequence.devicePages.send(in: context), kept: try keptInputs(of: sequence))
          operands.inputs.set(row, value, turnsLong: sequence.turnsLong)
        }
        try operands.inputs.send(rows: part.count)
        let shape = StepShape(
          rows: part.count, positions: 1, type: part.first!.pool.type)
        for launch in attention.catchUps { try launch(shape) }
        // The rows are written anew for the step itself.
        try context.synchronize()
      }
    }
  }
}

extension SequenceState {
  fileprivate var sparseOrigin: CachePage.Origin {
    devicePages.kept == nil ? .sparse : .deferred
  }
}
