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
    precondition(batch.tokens.count <= limits.rows, "more rows than the backend takes")
    precondition(
      batch.phase == .prompt || batch.slices.count == batch.tokens.count,
      "a decoded token for each sequence")
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
    var row = 0
    var positions = 0
    for slice in batch.slices {
      let sequence = slice.sequence
      let hasRoom = sequence.reserve(slice.rows)
      precondition(hasRoom, "no pages for a sequence")
      attempt { () throws(SparrowError) in
        let pages = try sequence.devicePages.send(in: context)
        for index in 0..<slice.rows {
          let value = scu_row(
            token: batch.tokens[row + index], position: Int32(sequence.count + index),
            pages: pages)
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
        slice.sequence.fill(UnsafeBufferPointer(rebasing: tokens[row..<row + slice.rows]), .dense)
        row += slice.rows
      }
    }
  }
}
