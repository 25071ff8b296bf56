internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// Codebooks of all groups, and the codes of all rows: product quantisation (Jégou, Douze and
/// Schmid, 2011, doi:10.1109/TPAMI.2010.57) of a matrix's rows in the sketch's basis.
final class SketchFitter {
  private let source: SketchedRows
  private let basis: SketchBasis
  private let mean: [Float]
  private let meanRow: [Float]
  private let bounds: [Int]
  private let seed: UInt64
  /// `[directions]`, each direction's coordinate of its group's 16 centroids.
  private var lanes: [SIMD16<Float>]
  /// `[groups]`
  private var halves: [SIMD16<Float>]

  /// Rows that codebooks are fitted on.
  private static let sampleRows = 20_000
  /// Rows that a worker holds expanded at a time.
  private static let tileRows = 128
  /// What a row's score is raised by for what its code lost.
  private let lossBonus: Float
  /// Keeps only the directions that codes use.
  private let cutsBasis: Bool

  /// About the deviations by which the best rows of a vocabulary stand above the mean.
  static let headLossBonus: Float = 6

  init(
    source: SketchedRows, basis: SketchBasis, mean: [Float], meanRow: [Float], groups: Int,
    seed: UInt64, lossBonus: Float, cutsBasis: Bool
  ) {
    self.lossBonus = lossBonus
    self.cutsBasis = cutsBasis
    self.source = source
    self.basis = basis
    self.mean = mean
    self.meanRow = meanRow
    self.seed = seed
    bounds = GroupBounds.bounds(weights: basis.weights, groups: groups)
    lanes = Array(repeating: .zero, count: bounds.last!)
    halves = Array(repeating: .zero, count: bounds.count - 1)
  }

  /// Fits the codebooks on a random sample of rows, one group a worker at a time.
  func fitCodebooks() {
    let sample = sampled()
    let groups = bounds.count - 1
    lanes.withUnsafeMutableBufferPointer { lanes in
      halves.withUnsafeMutableBufferPointer { halves in
        let lanes = lanes.baseAddress!
        let halves = halves.baseAddress!
        source.pool.run { worker in
          for group in stride(from: worker.index, to: groups, by: worker.count) {
            let start = bounds[group]
            let width = bounds[group + 1] - start
            let points = FloatRows(rows: sample.rows, columns: width)
            for row in 0..<sample.rows {
              points[row].update(from: sample[row] + start, count: width)
            }
            var random = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(group))
            let book = Codebook(
              fitting: points[0], count: sample.rows, width: width, random: &random)
            for axis in 0..<width { lanes[start + axis] = book.lanes[axis] }
            halves[group] = book.halves
          }
        }
      }
    }
  }

  /// The rows of the sample in the basis, `[sample, directions]`.
  private func sampled() -> FloatRows {
    var random = SeededRandom(seed: seed)
    var numbers = Array(0..<source.rowCount)
    let count = min(Self.sampleRows, numbers.count)
    for index in 0..<count {
      numbers.swapAt(index, index + Int(random.next() % UInt64(numbers.count - index)))
    }
    let chosen = numbers.prefix(count).sorted()
    let directions = bounds.last!
    let sample = FloatRows(rows: count, columns: directions)
    let hidden = source.hidden
    meanRow.withUnsafeBufferPointer { meanRow in
      source.pool.run { worker in
        let tile = FloatRows(rows: Self.tileRows, columns: hidden)
        let share = worker.share(of: count)
        for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.tileRows) {
          let rows = min(Self.tileRows, share.upperBound - start)
          for row in 0..<rows {
            source.read(chosen[start + row], less: meanRow.baseAddress, into: tile[row])
          }
          basis.rows.multiply(
            0..<directions, x: tile[0], stride: hidden, count: rows, output: sample[start],
            outputStride: directions)
        }
      }
    }
    return sample
  }

  /// Gives every row its codes and its bias. Throws `.cancelled`.
  func assign(progress: Progress) throws(SparrowError) -> RowSketch {
    let rowCount = source.rowCount
    let groups = bounds.count - 1
    var sketch = RowSketch(
      rowCount: rowCount, hidden: source.hidden, mean: mean, meanRow: meanRow, basis: [],
      bounds: bounds, centroids: centroids(), codes: [], bias: [], deviation: 1)
    sketch.basis = Q8Blocks.quantized(
      basis.states, rows: cutsBasis ? bounds.last! : source.hidden)
    sketch.codes = Array(repeating: 0, count: sketch.blocks * sketch.pairs * RowSketch.blockRows)
    let padded = sketch.blocks * RowSketch.blockRows
    var bias = [Float](repeating: -.infinity, count: padded)
    let chunk = 8192
    for start in stride(from: 0, to: rowCount, by: chunk) {
      let rows = start..<min(start + chunk, rowCount)
      sketch.codes.withUnsafeMutableBufferPointer { codes in
        bias.withUnsafeMutableBufferPointer { bias in
          assign(rows, groups, codes: codes.baseAddress!, bias: bias.baseAddress!)
        }
      }
      try progress.report(rows.upperBound, of: rowCount)
    }
    sketch.bias = Array(repeating: 0, count: padded)
    sk_to_f16(bias, &sketch.bias, Int32(padded))
    return sketch
  }

  private func assign(
    _ rows: Range<Int>, _ groups: Int, codes: UnsafeMutablePointer<UInt8>,
    bias: UnsafeMutablePointer<Float>
  ) {
    let hidden = source.hidden
    let pairs = (groups + 1) / 2
    let blockRows = RowSketch.blockRows
    withPointers { lanes, halves, bounds, mean, meanRow in
      source.pool.run { worker in
        let tile = FloatRows(rows: Self.tileRows, columns: hidden)
        let turned = FloatRows(rows: Self.tileRows, columns: hidden)
        let share = worker.share(of: rows.count)
        for offset in stride(from: share.lowerBound, to: share.upperBound, by: Self.tileRows) {
          let count = min(Self.tileRows, share.upperBound - offset)
          let first = rows.lowerBound + offset
          for row in 0..<count { source.read(first + row, less: meanRow, into: tile[row]) }
          basis.rows.multiply(
            0..<hidden, x: tile[0], stride: hidden, count: count, output: turned[0],
            outputStride: hidden)
          for row in 0..<count {
            let number = first + row
            let own = codes + number / blockRows * pairs * blockRows + number % blockRows
            let u = turned[row]
            var kept: Float = 0
            for group in 0..<groups {
              let start = bounds[group]
              let (code, product) = Codebook.nearest(
                u + start, lanes + start, bounds[group + 1] - start, halves[group])
              kept += product
              own[group / 2 * blockRows] |= UInt8(code) << (group % 2 == 0 ? 0 : 4)
            }
            let length = product(u, u, hidden)
            let loss = length > 0 ? 1 - kept / length : 0
            bias[number] = product(tile[row], mean, hidden) + lossBonus * loss
          }
        }
      }
    }
  }

  private func withPointers(
    _ body: (
      UnsafePointer<SIMD16<Float>>, UnsafePointer<SIMD16<Float>>, UnsafePointer<Int>,
      UnsafePointer<Float>, UnsafePointer<Float>
    ) -> Void
  ) {
    lanes.withUnsafeBufferPointer { lanes in
      halves.withUnsafeBufferPointer { halves in
        bounds.withUnsafeBufferPointer { bounds in
          mean.withUnsafeBufferPointer { mean in
            meanRow.withUnsafeBufferPointer { meanRow in
              body(
                lanes.baseAddress!, halves.baseAddress!, bounds.baseAddress!, mean.baseAddress!,
                meanRow.baseAddress!)
            }
          }
        }
      }
    }
  }

  /// In `RowSketch`'s order: a group's centroids one after another.
  private func centroids() -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(16 * lanes.count)
    for group in 0..<bounds.count - 1 {
      for code in 0..<16 {
        for axis in bounds[group]..<bounds[group + 1] { result.append(lanes[axis][code]) }
      }
    }
    return result
  }
}

/// The dot product of two vectors of `count` elements, a multiple of 8.
private func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum = SIMD8<Float>.zero
  for at in stride(from: 0, to: count, by: 8) {
    sum +=
      UnsafeRawPointer(a + at).loadUnaligned(as: SIMD8<Float>.self)
      * UnsafeRawPointer(b + at).loadUnaligned(as: SIMD8<Float>.self)
  }
  return sum.sum()
}
