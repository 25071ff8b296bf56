internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowSparsity

/// Adds a low-rank update to rows on their way from a file into kernel layout: W + scale · B A in
/// float32, encoded again in the matrix's own type (LoRA, arXiv 2106.09685, section 4.1).
final class UpdateMerge: @unchecked Sendable {
  /// What one worker works in.
  private struct Workbench {
    /// One row as the file's type is packed, and its bytes in the file where they must be gathered.
    var base: sk_matrix
    var gathered: UnsafeMutableRawPointer
    /// `[columns]`, padded as products by columns want it.
    var weights: UnsafeMutablePointer<Float>
    /// `[rank]`
    var factors: UnsafeMutablePointer<Float>
    var encoded: UnsafeMutableRawPointer
    var startsFinite = true
    var fits = true
  }

  private let type: sk_gguf_type
  private let merged: sk_gguf_type
  private let scale: Float
  private let rank: Int32
  private let b: UnsafePointer<sk_matrix>
  /// A's rows, as the columns of its transpose, and the numbers of all of them.
  private let a: UnsafePointer<sk_columns>
  private let numbers: UnsafePointer<Int32>
  private let benches: UnsafeMutablePointer<Workbench>
  private let workers: Int
  private let memory = OwnedMemory()

  /// `type` is the file's; both types must be ones that weights may have.
  init(_ update: LowRankUpdate, from type: ElementType, workers: Int) {
    let target = LowRankUpdate.mergedType(type)
    let columns = update.a.columns
    guard let kernel = type.kernelType, let merged = target.kernelType,
      let row = sk_matrix(packing: kernel, rows: 1, columns: columns),
      let rowBytes = type.byteCount(elements: columns),
      let encodedBytes = target.byteCount(elements: columns),
      var layout = sk_matrix(packing: SK_GGUF_F32, rows: columns, columns: update.rank)
    else { preconditionFailure("no weights of type \(type)") }
    self.type = kernel
    self.merged = merged
    self.workers = workers
    scale = update.scale
    rank = Int32(update.rank)
    b = UnsafePointer(memory.matrix(update.b))
    numbers = memory.copy((0..<rank).map { $0 })
    var transposed = sk_columns()
    var bytes = 0
    var planes = 0
    var steps = 0
    sk_columns_layout(&layout, &transposed, &bytes, &planes, &steps)
    let rows = memory.bytes(bytes)
    transposed.data = UnsafeRawPointer(rows)
    let stride = Int(transposed.column_bytes)
    let packed = memory.matrix(update.a)
    for index in 0..<rank {
      sk_unpack_row(
        packed, index, (rows + Int(index) * stride).assumingMemoryBound(to: Float.self))
    }
    a = memory.copy([transposed])
    benches = .allocate(capacity: workers)
    for index in 0..<workers {
      (benches + index).initialize(
        to: Workbench(
          base: row.at(memory.bytes(Int(row.row_bytes))), gathered: memory.bytes(rowBytes),
          weights: memory.floats(stride / 4),
          factors: memory.floats(update.rank), encoded: memory.bytes(encodedBytes)))
    }
  }

  deinit { benches.deallocate() }

  /// False once a weight of the file was no number.
  var startsFinite: Bool { (0..<workers).allSatisfy { benches[$0].startsFinite } }

  /// False once a merged weight was more than its type can hold.
  var fits: Bool { (0..<workers).allSatisfy { benches[$0].fits } }

  /// Packs rows into `target`. `fileRow` gives a row as the file has it, in the memory given to it
  /// if need be.
  func pack(
    _ rows: Range<Int>, into target: sk_matrix, worker: Int,
    fileRow: (Int, UnsafeMutableRawPointer) -> UnsafeRawPointer
  ) {
    let bench = benches + worker
    for row in rows {
      sk_pack_rows(&bench.pointee.base, type, fileRow(row, bench.pointee.gathered), 0, 1)
      if !bench.pointee.base.isFinite(0..<1) { bench.pointee.startsFinite = false }
      sk_unpack_row(&bench.pointee.base, 0, bench.pointee.weights)
      sk_unpack_row(b, Int32(row), bench.pointee.factors)
      sk_scale(bench.pointee.factors, scale, bench.pointee.factors, rank)
      sk_columns_acc(a, numbers, bench.pointee.factors, 0, rank, bench.pointee.weights)
      let encoded = bench.pointee.encoded
      if sk_encode_row(merged, bench.pointee.weights, target.columns, encoded) == 0 {
        bench.pointee.fits = false
      }
      var own = target.at(target.data + row * Int(target.row_bytes))
      sk_pack_rows(&own, merged, encoded, 0, 1)
    }
  }
}
