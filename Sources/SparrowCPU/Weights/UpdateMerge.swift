internal import CSparrowKernels
internal import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity

/// Adds a low-rank update to rows on their way from a file into kernel layout: W + scale · B A in
/// float32, encoded again in the matrix's own type (LoRA, arXiv 2106.09685, section 4.1).
final class UpdateMerge: @unchecked Sendable {
  /// What one worker works in.
  private struct Workbench {
    /// A row's bytes in the file where they must be gathered.
    var gathered: UnsafeMutableRawPointer
    /// `[columns]`, padded as products by columns want it.
    var weights: UnsafeMutablePointer<Float>
    /// `[rank]`
    var factors: UnsafeMutablePointer<Float>
    var encoded: UnsafeMutableRawPointer
    var startsFinite = true
    var fits = true
  }

  private let type: ElementType
  private let merged: ElementType
  private let kernel: sb_type
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
    guard let kernel = target.ggml, let rowBytes = type.byteCount(elements: columns),
      let encodedBytes = target.byteCount(elements: columns),
      var layout = sk_matrix(packing: SB_F32, rows: columns, columns: update.rank)
    else { preconditionFailure("no weights of type \(type)") }
    self.type = type
    self.kernel = kernel
    merged = target
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
          gathered: memory.bytes(rowBytes), weights: memory.floats(stride / 4),
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
      let weights = bench.pointee.weights
      let columns = Int(target.columns)
      type.expand(fileRow(row, bench.pointee.gathered), count: columns, into: weights)
      let isFinite = UnsafeBufferPointer(start: weights, count: columns).allSatisfy(\.isFinite)
      if !isFinite { bench.pointee.startsFinite = false }
      sk_unpack_row(b, Int32(row), bench.pointee.factors)
      sk_scale(bench.pointee.factors, scale, bench.pointee.factors, rank)
      sk_columns_acc(a, numbers, bench.pointee.factors, 0, rank, weights)
      let encoded = bench.pointee.encoded
      if !merged.encode(weights, count: columns, into: encoded) { bench.pointee.fits = false }
      var own = target.at(target.data + row * Int(target.row_bytes))
      sk_pack_rows(&own, kernel, encoded, 0, 1)
    }
  }
}
