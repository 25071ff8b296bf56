internal import CSparrowKernels
internal import SparrowBlocks
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// Rounds rows to 4 or 5 bits so that each direction makes up for the errors of those before it, as
/// the covariance of inputs lets it: GPTQ (Frantar et al. 2022, arXiv 2210.17323, equations 2 and
/// 3).
///
/// With the inverse covariance written as WᵀW, W lower triangular, directions go from the last to
/// the first, and an error at j moves those before it by -error · W[j] / W[j][j]. Costs order² / 2
/// multiplications a row.
struct FedBackRounding {
  /// Row j: what an error at j moves the directions before it by; nil moves none.
  private let moves: FloatRows?
  private let order: Int
  /// Codes of a block go from 0 to twice this, which stands for zero, less one.
  private let half: Float
  /// Part of the mean variance that is added to every direction's: unseen inputs are not as
  /// regular.
  private static let damping = 0.01
  /// Scales that are tried, as parts of the one that takes in a block's greatest weight.
  private static let trials: [Float] = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7]

  /// Rounds every direction to the nearest. nil for codings that do not keep every column.
  init?(nearest order: Int, for coding: SketchCoding) {
    guard coding.keepsColumns else { return nil }
    (moves, self.order, half) = (nil, order, coding == .int5 ? 16 : 8)
  }

  /// nil for codings that do not keep every column.
  init?(_ covariance: SquareMatrix, for coding: SketchCoding) {
    guard coding.keepsColumns else { return nil }
    half = coding == .int5 ? 16 : 8
    order = covariance.order
    let damped = covariance.scaled { _ in 1 }
    let extra = max(covariance.trace / Double(max(order, 1)) * Self.damping, 1e-30)
    for index in 0..<order { damped[index][index] += extra }
    let factor = Cholesky.whitening(of: damped)
    let moves = FloatRows(rows: order, columns: order)
    for row in 0..<order {
      for column in 0..<row { moves[row][column] = Float(factor[row][column] / factor[row][row]) }
    }
    self.moves = moves
  }

  /// Writes a row's Q4_0 or Q5_0 blocks to `target`, and moves `row` but for the nearest.
  func encode(_ row: UnsafeMutablePointer<Float>, into target: UnsafeMutableRawPointer) {
    let type = half == 8 ? SB_Q4_0 : SB_Q5_0
    let blockBytes = Int(sb_block_of(type).bytes)
    for block in (0..<order / 32).reversed() {
      let values = row + 32 * block
      var scale = scale(values)
      var stored: UInt16 = 0
      sk_to_f16(&scale, &stored, 1)
      sk_from_f16(&stored, &scale, 1)
      var codes = SIMD32<UInt8>()
      for index in (0..<32).reversed() {
        let code = code(values[index], scale)
        codes[index] = code
        let error = values[index] - scale * (Float(code) - half)
        guard let moves, error != 0 else { continue }
        let direction = 32 * block + index
        let move = moves[direction]
        for before in 0..<direction { row[before] -= error * move[before] }
      }
      withUnsafeBytes(of: &codes) { codes in
        sb_write_block(
          type, stored, codes.baseAddress!.assumingMemoryBound(to: UInt8.self),
          target + blockBytes * block)
      }
    }
  }

  private func code(_ value: Float, _ scale: Float) -> UInt8 {
    let steps = value / scale
    return UInt8(steps.isFinite ? min(max(steps.rounded() + half, 0), 2 * half - 1) : half)
  }

  /// The scale of least squared error by itself; the greatest weight is the least code of the first
  /// one tried.
  private func scale(_ values: UnsafeMutablePointer<Float>) -> Float {
    var greatest: Float = 0
    for index in 0..<32 where abs(values[index]) > abs(greatest) { greatest = values[index] }
    var best: Float = 0
    var least = Float.infinity
    for trial in Self.trials {
      let scale = greatest / -half * trial
      var sum: Float = 0
      for index in 0..<32 {
        let error = values[index] - scale * (Float(code(values[index], scale)) - half)
        sum += error * error
      }
      if sum < least { (least, best) = (sum, scale) }
    }
    return best
  }
}
