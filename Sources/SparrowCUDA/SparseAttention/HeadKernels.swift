import SparrowCore

/// The kernels of sparse attention.
struct HeadKernels: Sendable {
  static let files = ["sparse_arguments.h", "gather.cuh", "cache.cuh", "heads.cu"]

  let lengths: CUDAKernel
  let keep: CUDAKernel
  let project: CUDAKernel
  let append: CUDAKernel
  let setMade: CUDAKernel

  /// `columns` elements of an input at most, with what pads them; heads of `dimension` elements.
  init(columns: Int, dimension: Int, _ library: KernelLibrary) throws(SparrowError) {
    lengths = try library.kernel("head_lengths", of: Self.files)
    keep = try library.kernel("keep_input", of: Self.files)
    setMade = try library.kernel("set_made", of: Self.files)
    project = try library.kernel("project_heads", of: Self.files, sharedBytes: 4 * columns)
    // A head for each of four warps.
    append = try library.kernel("append_heads", of: Self.files, sharedBytes: 16 * dimension)
  }
}
