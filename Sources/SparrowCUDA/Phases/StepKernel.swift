internal import CSparrowCUDA
import SparrowCore

/// The kernel of a whole decoding step, made for one shape on one device.
///
/// All of a device's multiprocessors work on every phase and wait for each other between, so the
/// launch is cooperative, and no other work runs beside it.
struct StepKernel: Sendable {
  let constants: [(String, Int)]
  /// Bytes of weights that a slot holds.
  private let rowBytes: Int
  private let kernel: CUDAKernel
  private let shape: CUDAKernel.Shape

  private static let files = [
    "step_arguments.h", "step_memory.cuh", "ring.cuh", "step_columns.cuh", "step.cuh",
    "step_floats.cuh", "step_blocks.cuh", "step_down.cuh", "step_rows.cuh", "step_predict.cuh",
    "step_sketch.cuh", "step_attend.cuh", "step_output.cuh", "step_network.cuh", "step.cu",
  ]

  /// Throws `.unsupported` for a device without bulk copies.
  init(
    _ shape: SyntheticShape, _ sparsity: SyntheticSparsity?, splits: Int,
    _ library: KernelLibrary
  ) throws(SparrowError) {
    let device = library.context.device
    guard device.architecture >= 90 else {
      throw SparrowError(
        .unsupported, file: "cuda:\(device.ordinal)", field: "compute capability",
        found: "\(device.name): \(device.architecture)", expected: "9.0 or later for this step")
    }
    let warps = Self.warps(shape.width)
    let formats = [shape.format, sparsity?.predictorFormat ?? shape.format]
    rowBytes = Self.slotBytes(shape.rowBytes)
    let isSketched = sparsity.map { $0.predictor == .sketch || $0.hasSparseHead } ?? false
    constants = [
      ("WIDTH", shape.width), ("CONSUMERS", warps), ("BLOCKS", device.multiprocessors),
      ("WEIGHT_BITS", formats[0].bits), ("PREDICTOR_BITS", formats[1].bits),
      ("SLOT_BYTES", Self.slotBytes(formats, shape.width)),
      ("SHARED_BYTES", device.sharedMemory), ("HEAD", shape.headDimension),
      ("KEY_HEADS", shape.keyHeads), ("GROUP", shape.heads / shape.keyHeads),
      ("SPLITS", splits), ("RANK", sparsity?.rank ?? 256), ("HEAD_RANK", Self.headRank),
      ("SKETCHES", isSketched ? 1 : 0),
      ("ROUTES", sparsity?.predictor == .router ? 1 : 0), ("GATED", shape.isGated ? 1 : 0),
      ("MASK_WORDS", shape.maskWords(sparsity)),
    ]
    kernel = try library.kernel(
      "step", of: Self.files, constants: constants, sharedBytes: device.sharedMemory)
    self.shape = {
      var shape = CUDAKernel.Shape(grid: device.multiprocessors, block: warps * 32 + 32)
      shape.isCooperative = true
      return shape
    }()
  }

  /// Queues a step.
  func launch(_ step: scu_step) throws(SparrowError) { try kernel.launch(shape, step) }

  /// Warps that multiply: each thread has one, two or three vectors of eight columns.
  static func warps(_ width: Int) -> Int {
    let vectors = width / 256
    return vectors <= 8 ? vectors : vectors % 2 == 0 && vectors <= 28 ? vectors / 2 : vectors / 3
  }

  /// Bytes of as many whole rows as a slot has: eight, four, two or one.
  private static func slotBytes(_ rowBytes: Int) -> Int {
    ([8, 4, 2].first { $0 * rowBytes <= 24576 } ?? 1) * rowBytes
  }

  /// Of a slot that takes rows of either format, and a page of a head's keys, or twice what a
  /// predictor of blocks takes at once.
  private static func slotBytes(_ formats: [StepFormat], _ width: Int) -> Int {
    let least = formats.allSatisfy { $0 == .bf16 } ? 16384 : 18432
    return formats.reduce(least) { max($0, slotBytes($1.rowBytes(width))) }
  }

  /// Numbers of a token's row in the head's sketch.
  static let headRank = 512

  /// Slots under way at which a multiprocessor reads fastest: some 48 KiB.
  var lag: Int { (49152 + rowBytes - 1) / rowBytes }

  /// Parts of a head group's cache: of 64 keys or more, and as many as there are blocks at most.
  static func splits(_ shape: SyntheticShape, context: Int, _ device: CUDADevice) -> Int {
    max(1, min(device.multiprocessors / shape.keyHeads, (context + 63) / 64))
  }
}
