import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// The decoding step of one row of a small model as one kernel: it takes as long as it has phases,
/// and launches are the slower ones.
///
/// Its results are the bits of the launches that it stands for.
final class LeanStep: Sendable {
  private let kernel: CUDAKernel
  private let grid: CUDAKernel.Shape
  private let argument: scu_lean
  /// The phases, what blocks hand to each other, and the count of steps.
  private let memory: [DeviceBuffer]

  /// nil for models that have to be run operation by operation; `output` is what the head reads.
  ///
  /// Throws what compiling and loading the kernel throw, `.system` without memory.
  init?(
    _ operands: Operands, output: DeviceRows, in context: CUDAContext
  ) throws(SparrowError) {
    guard let shape = LeanShape(operands) else { return nil }
    let model = operands.model
    let words = LeanWords(model)
    let phases = LeanPhases(operands, shape, words).list
    kernel = try operands.kernels.library.kernel(
      "lean",
      of: [
        "lean_arguments.h", "prepare.cuh", "cache.cuh", "attention.cuh", "products.cuh",
        "lines.cuh", "copies.cuh", "multiply.cuh", "lean.cuh", "lean_phases.cuh",
        "lean_heads.cuh", "lean.cu",
      ], constants: shape.constants(phases: phases.count),
      sharedBytes: shape.sharedBytes)
    grid = {
      var grid = CUDAKernel.Shape(grid: shape.grid, block: 256)
      grid.isCooperative = true
      return grid
    }()
    let table = try DeviceBuffer(MemoryLayout<scu_lean_phase>.stride * phases.count, in: context)
    try phases.withUnsafeBytes { bytes in
      Result { () throws(SparrowError) in try table.write(bytes) }
    }.get()
    let exchanged = try DeviceBuffer(8 * words.count, in: context)
    try exchanged.clear()
    let turn = try DeviceBuffer(4, in: context)
    try turn.clear()
    memory = [table, exchanged, turn]
    var argument = scu_lean()
    (argument.phases, argument.words, argument.turn) = (
      table.address, exchanged.address, turn.address
    )
    (argument.row, argument.output) = (operands.inputs.rows, output.address)
    argument.tokens = operands.matrix(.tokenEmbedding, nil).argument
    if let offset = model.learnedPositionOffset {
      argument.positions = operands.matrix(.positionEmbedding, nil).argument
      argument.position_offset = Int32(offset)
    }
    argument.embedding_scale = model.embeddingScale
    argument.heads = operands.heads(model.layers[0].attention, 0)
    argument.attend = operands.attended(model.layers[0].attention, 0)
    (argument.attended, argument.parts) = (Int32(words.attended), Int32(words.parts))
    self.argument = argument
  }

  /// Whether it does a step: of a decoded row, over a cache of halves that is not too long.
  func does(_ shape: StepShape) -> Bool {
    shape.isLean && shape.type == .f16 && shape.splits <= Int(SCU_LEAN_PARTS)
  }

  /// Queues the step of a row that is written.
  func launch() throws(SparrowError) {
    try kernel.launch(grid, argument)
  }
}
