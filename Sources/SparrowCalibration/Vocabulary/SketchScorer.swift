internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// The scores that decoding gives some states, beside their exact logits, a chunk of the head's
/// rows at a time.
final class SketchScorer {
  private let sketch: RowSketch
  private let head: SketchedRows
  private let states: FloatRows
  private let own: Range<Int>
  /// `[states, rows]`
  private let scores: FloatRows
  /// |x|² / hidden of each state.
  let energies: [Float]
  /// `[chunkRows, hidden]`
  private let rows: FloatRows

  static let chunkRows = 2048
  /// Memory that scores may take.
  static let scoreBytes = 64 << 20
  /// States that a worker takes at a time.
  private static let tile = 32

  /// Of the states of `own`.
  init(_ sketch: RowSketch, head: SketchedRows, states: FloatRows, own: Range<Int>) {
    self.sketch = sketch
    self.head = head
    self.states = states
    self.own = own
    (scores, energies) = head.scores(of: sketch, states, own)
    rows = FloatRows(rows: Self.chunkRows, columns: sketch.hidden)
  }

  /// Adds the rows' scores (with their logits) to `best` and logits (with their scores) to `exact`,
  /// lists of all states. Logits lack the mean row's part, as scores do.
  func collect(_ range: Range<Int>, best: inout [TopList], exact: inout [TopList]) {
    head.read(range, less: sketch.meanRow, into: rows)
    let count = range.count
    best.withUnsafeMutableBufferPointer { best in
      exact.withUnsafeMutableBufferPointer { exact in
        let best = best.baseAddress! + own.lowerBound
        let exact = exact.baseAddress! + own.lowerBound
        head.pool.run { worker in
          let logits = FloatRows(rows: Self.tile, columns: count)
          let chosen = UnsafeMutablePointer<Int32>.allocate(capacity: count)
          defer { chosen.deallocate() }
          let share = worker.share(of: own.count)
          for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.tile) {
            let tile = min(Self.tile, share.upperBound - start)
            rows.multiply(
              0..<count, x: states[own.lowerBound + start], stride: states.columns, count: tile,
              output: logits[0], outputStride: count)
            for state in 0..<tile {
              let scores = scores[start + state] + range.lowerBound
              Self.collect(scores, logits[state], count, chosen, &best[start + state])
              Self.collect(logits[state], scores, count, chosen, &exact[start + state])
            }
          }
        }
      }
    }
  }

  private static func collect(
    _ keys: UnsafePointer<Float>, _ others: UnsafePointer<Float>, _ count: Int,
    _ chosen: UnsafeMutablePointer<Int32>, _ list: inout TopList
  ) {
    let found = sk_select_above(keys, Int32(count), list.floor, 0, chosen, Int32(count))
    for index in 0..<Int(found) {
      let row = Int(chosen[index])
      list.add(key: keys[row], other: others[row])
    }
  }
}
