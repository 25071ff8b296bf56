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
  let decode: CUDAKernel
  let join: CUDAKernel
  let multiplyFloats: CUDAKernel

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
        name, of: ["prepare.cuh", "cache.cuh", "attention.cu"], sharedBytes: 4 * floats)
    }
    heads = try attention("prepare_heads", floats: dimension)
    // A query, then sums of groups of threads, of eight elements a thread.
    let attended = dimension + max(8 * Int(SCU_SPLIT), dimension)
    attend = try attention("attend", floats: attended)
    // And a key and a value.
    decode = try attention("decode_heads", floats: attended + 2 * dimension)
    join = try attention("join_parts")
    multiplyFloats = try library.kernel(
      "multiply_floats", of: ["products.cuh", "multiply_floats.cu"])
  }
}
