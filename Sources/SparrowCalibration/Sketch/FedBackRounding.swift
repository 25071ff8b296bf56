internal import CSparrowKernels
internal import SparrowCore

/// Rounds rows to 4 bits so that each direction makes up for the errors of those before it, as the covariance of
/// inputs lets it: GPTQ (Frantar et al. 2022, arXiv 2210.17323, equations 2 and 3).
///
/// With the inverse covariance written as WᵀW, W lower triangular, directions go from the last to the first, and an
/// error at j moves those before it by -error · W[j] / W[j][j]. Costs order² / 2 multiplications a row.
struct FedBackRounding {
  /// Row j: what an error at j moves the directions before it by.
  private let moves: FloatRows
  /// Part of the mean variance that is added to every direction's: unseen inputs are not as regular.
  private static let damping = 0.01
  /// Scales that are tried, as parts of the one that takes in a block's greatest weight.
  private static let trials: [Float] = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7]

  init(_ covariance: SquareMatrix) {
    let order = covariance.order
    let damped = covariance.scaled { _ in 1 }
    let extra = max(covariance.trace / Double(max(order, 1)) * Self.damping, 1e-30)
    for index in 0..<order { damped[index][index] += extra }
    let factor = Cholesky.whitening(of: damped)
    moves = FloatRows(rows: order, columns: order)
    for row in 0..<order {
      for column in 0..<row { moves[row][column] = Float(factor[row][column] / factor[row][row]) }
    }
  }

  /// Writes a row's Q4_0 blocks to `target`, and moves `row`.
  func encode(_ row: UnsafeMutablePointer<Float>, into target: UnsafeMutableRawPointer) {
    for block in (0..<moves.rows / 32).reversed() {
      let values = row + 32 * block
      let bytes = target + 18 * block
      var scale = Self.scale(values)
      var half: UInt16 = 0
      sk_to_f16(&scale, &half, 1)
      sk_from_f16(&half, &scale, 1)
      bytes.storeBytes(of: half.littleEndian, as: UInt16.self)
      let codes = (bytes + 2).assumingMemoryBound(to: UInt8.self)
      for index in (0..<32).reversed() {
        let code = Self.code(values[index], scale)
        let place = index % 16
        codes[place] = index < 16 ? codes[place] & 0xF0 | code : code << 4
        let error = values[index] - scale * Float(Int(code) - 8)
        guard error != 0 else { continue }
        let direction = 32 * block + index
        let move = moves[direction]
        for before in 0..<direction { row[before] -= error * move[before] }
      }
    }
  }

  private static func code(_ value: Float, _ scale: Float) -> UInt8 {
    let steps = value / scale
    return steps.isFinite ? UInt8(min(max(steps.rounded() + 8, 0), 15)) : 8
  }

  /// The scale of least squared error by itself; the greatest weight is -8 of the first one tried.
  private static func scale(_ values: UnsafeMutablePointer<Float>) -> Float {
    var greatest: Float = 0
    for index in 0..<32 where abs(values[index]) > abs(greatest) { greatest = values[index] }
    var best: Float = 0
    var least = Float.infinity
    for trial in trials {
      let scale = greatest / -8 * trial
      var sum: Float = 0
      for index in 0..<32 {
        let error = values[index] - scale * Float(Int(code(values[index], scale)) - 8)
        sum += error * error
      }
      if sum < least { (least, best) = (sum, scale) }
    }
    return best
  }
}
