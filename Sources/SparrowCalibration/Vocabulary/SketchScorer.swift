internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// Scores and exact logits of many states, a chunk of the head's rows at a time.
final class SketchScorer {
  private let sketch: RowSketch
  private let head: SketchedRows
  private let states: FloatRows
  /// `[states, directions]`
  private let turned: FloatRows
  /// |x|² / hidden of each state.
  let energies: [Float]
  private let bias: [Float]
  /// `[chunkRows, hidden]` and `[chunkRows, directions]`
  private let rows: FloatRows
  private let decoded: FloatRows

  static let chunkRows = 2048
  /// States that a worker takes at a time.
  private static let tile = 32

  init(_ sketch: RowSketch, head: SketchedRows, states: FloatRows) {
    self.sketch = sketch
    self.head = head
    self.states = states
    let hidden = sketch.hidden
    let directions = sketch.bounds.last!
    let basis = Q8Blocks.rows(sketch.basis, order: hidden)
    let turned = FloatRows(rows: states.rows, columns: directions)
    var energies = [Float](repeating: 0, count: states.rows)
    energies.withUnsafeMutableBufferPointer { energies in
      let energies = energies.baseAddress!
      head.pool.run { worker in
        let centered = FloatRows(rows: 1, columns: hidden)
        let x = FloatRows(rows: 1, columns: hidden)
        for state in worker.share(of: states.rows) {
          for column in 0..<hidden {
            centered[0][column] = states[state][column] - sketch.mean[column]
          }
          if sketch.basis.isEmpty {
            x[0].update(from: centered[0], count: hidden)
          } else {
            basis.multiply(
              0..<hidden, x: centered[0], stride: hidden, count: 1, output: x[0],
              outputStride: hidden)
          }
          turned[state].update(from: x[0], count: directions)
          energies[state] = x.values.reduce(0) { $0 + $1 * $1 } / Float(hidden)
        }
      }
    }
    self.turned = turned
    self.energies = energies
    bias = [Float](unsafeUninitializedCapacity: sketch.bias.count) { target, filled in
      sk_from_f16(sketch.bias, target.baseAddress, Int32(sketch.bias.count))
      filled = sketch.bias.count
    }
    rows = FloatRows(rows: Self.chunkRows, columns: hidden)
    decoded = FloatRows(rows: Self.chunkRows, columns: directions)
  }

  /// Adds the rows' scores (with their logits) to `best` and logits (with their scores) to `exact`,
  /// a list for each state. Logits lack the mean row's part, as scores do.
  func score(_ range: Range<Int>, best: inout [TopList], exact: inout [TopList]) {
    head.read(range, less: sketch.meanRow, into: rows)
    sketch.decode(range, into: decoded, pool: head.pool)
    let count = range.count
    best.withUnsafeMutableBufferPointer { best in
      exact.withUnsafeMutableBufferPointer { exact in
        let best = best.baseAddress!
        let exact = exact.baseAddress!
        head.pool.run { worker in
          let logits = FloatRows(rows: Self.tile, columns: count)
          let scores = FloatRows(rows: Self.tile, columns: count)
          let chosen = UnsafeMutablePointer<Int32>.allocate(capacity: count)
          defer { chosen.deallocate() }
          let share = worker.share(of: states.rows)
          for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.tile) {
            let tile = min(Self.tile, share.upperBound - start)
            rows.multiply(
              0..<count, x: states[start], stride: states.columns, count: tile, output: logits[0],
              outputStride: count)
            decoded.multiply(
              0..<count, x: turned[start], stride: turned.columns, count: tile, output: scores[0],
              outputStride: count)
            for state in 0..<tile {
              for row in 0..<count { scores[state][row] += bias[range.lowerBound + row] }
              Self.collect(scores[state], logits[state], count, chosen, &best[start + state])
              Self.collect(logits[state], scores[state], count, chosen, &exact[start + state])
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
