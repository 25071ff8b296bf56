import CSparrowCUDA
import SparrowCore
import SparrowSparsity

/// Scores of groups by one or two linear maps with a bias: Deja Vu's predictor, LTE's router.
struct LinearScores: Sendable {
  private let first: Products?
  private let second: Products

  /// Throws `.unsupported` for a rank that products' inputs have no room for, `.system` without
  /// memory.
  init(
    _ maps: LinearPredictor, of input: DeviceRows, into scores: DeviceRows, _ operands: Operands,
    _ memory: DeviceMemory
  ) throws(SparrowError) {
    let bias = try memory.copy(maps.bias)
    let b = try memory.matrix(maps.b)
    guard let a = maps.a else {
      first = nil
      second = Products([.init(matrix: b, bias: bias, output: scores)], of: input, operands)
      return
    }
    guard a.rows <= operands.buffers.widest else {
      throw SparrowError(
        .unsupported, field: "a predictor's rank", found: "\(a.rows)",
        expected: "at most \(operands.buffers.widest) on this device")
    }
    let middle = try memory.rows(StepShape.sparseRows, width: a.rows)
    first = Products(
      [.init(matrix: try memory.matrix(a), bias: 0, output: middle)], of: input, operands)
    second = Products([.init(matrix: b, bias: bias, output: scores)], of: middle, operands)
  }

  /// `hasRead` marks where the input may change.
  func launch(_ shape: StepShape, hasRead: CUDAEvent? = nil) throws(SparrowError) {
    if let first {
      try first.launch(shape)
      try hasRead?.record()
      try second.launch(shape)
    } else {
      try second.launch(shape)
      try hasRead?.record()
    }
  }
}
