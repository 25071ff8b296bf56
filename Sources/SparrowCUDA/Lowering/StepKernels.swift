internal import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// The kernels that every model's steps launch.
final class StepKernels: Sendable {
  let library: KernelLibrary
  let embed: CUDAKernel
  let norm: CUDAKernel
  let prepare: CUDAKernel
  let add: CUDAKernel
  let activate: CUDAKernel
  let heads: CUDAKernel
  let attend: CUDAKernel
  /// nil where a block has no room for so many queries.
  let attendRows: CUDAKernel?
  let decode: CUDAKernel
  /// The same where all blocks run at once, of a cache of halves and heads of whole eights.
  let decodeAhead: CUDAKernel
  let join: CUDAKernel
  let multiplyFloats: CUDAKernel

  /// Rows of a block that attends to many at once.
  static let attendedRows = 32
  static let attendedThreads = 16 * attendedRows / 4
  private static let attention = ["cache.cuh", "attention.cuh"]

  /// Throws what compiling and loading throw.
  init(_ library: KernelLibrary, _ model: ModelConfiguration) throws(SparrowError) {
    self.library = library
    func rows(_ name: String) throws(SparrowError) -> CUDAKernel {
      try library.kernel(name, of: ["prepare.cuh", "rows.cu"])
    }
    embed = try rows("embed_rows")
    norm = try rows("norm_rows")
    prepare = try rows("prepare_input")
    add = try rows("add_rows")
    activate = try rows("activate_rows")
    let dimension = model.layers.map(\.attention.headDimension).max() ?? 0
    func attention(_ name: String, floats: Int = 0) throws(SparrowError) -> CUDAKernel {
      try library.kernel(
        name, of: Self.attention + ["attention.cu"], sharedBytes: 4 * floats)
    }
    heads = try attention("prepare_heads", floats: dimension)
    // A query, then sums of groups of threads, of eight elements a thread.
    let attended = dimension + max(8 * Int(SCU_SPLIT), 4 * dimension)
    attend = try attention("attend", floats: attended)
    // And a key and a value.
    decode = try attention("decode_heads", floats: attended + 2 * dimension)
    decodeAhead = try attention("decode_heads_ahead", floats: attended + 2 * dimension)
    join = try attention("join_parts")
    let rows = Self.attendedRows
    // Weights of a part, a piece of keys or values, sums of weights, queries.
    let floats = 256 * (rows + 4) + 64 * 68 + 8 * rows + rows * ((dimension + 3) / 4 * 4 + 4)
    attendRows =
      4 * floats > library.context.device.sharedMemory
      ? nil
      : try library.kernel(
        "attend_rows", of: Self.attention + ["attend_rows.cu"],
        constants: [("ATTEND_ROWS", rows), ("OWN_ROWS", 4), ("ATTEND_BLOCKS", 3)],
        sharedBytes: 4 * floats)
    multiplyFloats = try library.kernel(
      "multiply_floats", of: ["products.cuh", "multiply_floats.cu"])
  }
}
