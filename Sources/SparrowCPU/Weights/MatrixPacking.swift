internal import CSparrowKernels
import SparrowCore
import SparrowFormats
import SparrowTransformer

/// How one matrix gets from its file into kernel layout.
struct MatrixPacking {
  let role: WeightRole
  private let source: WeightSource
  private let checkpoint: Checkpoint
  private let type: sk_gguf_type
  private var layout: sk_matrix
  /// File bytes that are resident at a time while packing.
  private static let chunkBytes = 1 << 20

  /// Throws `.unsupported` for element types without a kernel layout.
  init(role: WeightRole, binding: WeightBinding) throws(SparrowError) {
    self.role = role
    source = binding.matrix(role)
    checkpoint = binding.checkpoint
    guard let type = source.entry.type.kernelType else {
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: source.entry.name,
        found: source.entry.type.rawValue, expected: "a float or block type")
    }
    self.type = type
    layout = sk_matrix()
    layout.rows = Int32(source.rows.count)
    layout.columns = Int32(source.columns)
    guard sk_packed_format(type, &layout.format, &layout.block, &layout.minimums) != 0 else {
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: source.entry.name,
        found: source.entry.type.rawValue, expected: "a type with a kernel layout")
    }
    layout.row_bytes = sk_row_bytes(
      layout.format, layout.block, layout.minimums, layout.columns)
  }

  var packedBytes: Int { Int(layout.row_bytes) * source.rows.count }

  /// Packs into `memory` on all workers, then gives the file's pages back.
  func pack(into memory: UnsafeMutableRawPointer, pool: WorkerPool) -> sk_matrix {
    var target = layout
    target.data = UnsafeRawPointer(memory)
    let bytes = checkpoint.bytes(of: source.entry)
    if source.transposed {
      transpose(bytes, into: memory)
    } else {
      let rowBytes = source.byteCount / max(1, source.rows.count)
      let first = source.rows.lowerBound * rowBytes
      let step = max(1, Self.chunkBytes / max(1, rowBytes))
      for start in stride(from: 0, to: source.rows.count, by: step) {
        let rows = min(step, source.rows.count - start)
        pool.run { worker in
          let share = worker.share(of: rows)
          withUnsafePointer(to: target) {
            sk_pack_rows(
              $0, type, bytes.baseAddress! + first, Int32(start + share.lowerBound),
              Int32(start + share.upperBound))
          }
        }
        let from = first + start * rowBytes
        checkpoint.release(source.entry, bytes: from..<from + rows * rowBytes)
      }
    }
    checkpoint.release(source.entry)
    return target
  }

  /// `Conv1D` keeps `[in, out]`: gathers each output's column into a row.
  private func transpose(_ bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawPointer) {
    let size = source.entry.type.blockBytes
    let outputs = source.entry.shape[1]
    for (row, output) in source.rows.enumerated() {
      let target = memory + row * Int(layout.row_bytes)
      for column in 0..<source.columns {
        let from = bytes.baseAddress! + (column * outputs + output) * size
        (target + column * size).copyMemory(from: from, byteCount: size)
      }
    }
  }
}

extension ElementType {
  /// The kernels' name for this type; nil for types that hold no weights.
  var kernelType: sk_gguf_type? {
    switch self {
    case .f32: SK_GGUF_F32
    case .f16: SK_GGUF_F16
    case .bf16: SK_GGUF_BF16
    case .q4_0: SK_GGUF_Q4_0
    case .q4_1: SK_GGUF_Q4_1
    case .q5_0: SK_GGUF_Q5_0
    case .q5_1: SK_GGUF_Q5_1
    case .q8_0: SK_GGUF_Q8_0
    case .q4_K: SK_GGUF_Q4_K
    case .q5_K: SK_GGUF_Q5_K
    case .q6_K: SK_GGUF_Q6_K
    default: nil
    }
  }
}
