import CSparrowKernels
import SparrowBlocks
import SparrowCore
import SparrowSparsity

/// Adds a low-rank update to rows on their way from a file into a backend's layout: W + scale · B A
/// in float32, encoded again in the matrix's own type (LoRA, arXiv 2106.09685, section 4.1).
final class UpdateMerge: @unchecked Sendable {
  /// What one worker works in.
  private struct Workbench {
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
  private let update: LowRankUpdate
  private let columns: Int
  /// A's rows, as the columns of its transpose, and the numbers of all of them.
  private let rows: UnsafeMutablePointer<Float>
  private let a: UnsafeMutablePointer<sk_columns>
  private let numbers: UnsafeMutablePointer<Int32>
  private let benches: UnsafeMutableBufferPointer<Workbench>

  /// `type` is the file's; it and its merged type must be ones that weights may have.
  init(_ update: LowRankUpdate, from type: ElementType, workers: Int) {
    merged = LowRankUpdate.mergedType(type)
    self.type = type
    self.update = update
    columns = update.a.columns
    let rank = update.rank
    // Kernels write whole groups of 64.
    let padded = (columns + 63) / 64 * 64
    guard let encodedBytes = merged.byteCount(elements: columns) else {
      preconditionFailure("no weights of type \(type)")
    }
    rows = .allocate(capacity: rank * padded)
    rows.initialize(repeating: 0, count: rank * padded)
    for index in 0..<rank { update.a.expand(index, into: rows + index * padded) }
    numbers = .allocate(capacity: rank)
    for index in 0..<rank { (numbers + index).initialize(to: Int32(index)) }
    var transposed = sk_columns()
    transposed.data = UnsafeRawPointer(rows)
    transposed.column_bytes = Int64(4 * padded)
    transposed.rows = Int32(columns)
    transposed.columns = Int32(rank)
    transposed.format = SK_F32
    a = .allocate(capacity: 1)
    a.initialize(to: transposed)
    benches = .allocate(capacity: workers)
    for index in 0..<workers {
      benches.initializeElement(
        at: index,
        to: Workbench(
          weights: .allocate(capacity: padded), factors: .allocate(capacity: rank),
          encoded: .allocate(byteCount: encodedBytes, alignment: 8)))
    }
  }

  deinit {
    for bench in benches {
      bench.weights.deallocate()
      bench.factors.deallocate()
      bench.encoded.deallocate()
    }
    benches.deallocate()
    rows.deallocate()
    numbers.deallocate()
    a.deallocate()
  }

  /// False once a weight of the file was no number.
  var startsFinite: Bool { benches.allSatisfy(\.startsFinite) }

  /// False once a merged weight was more than its type can hold.
  var fits: Bool { benches.allSatisfy(\.fits) }

  /// A row with its update, encoded in the merged type; valid until this worker's next call.
  /// `bytes` are the row as the file has it.
  func merge(_ row: Int, _ bytes: UnsafeRawPointer, worker: Int) -> UnsafeRawPointer {
    let bench = benches[worker]
    let rank = Int32(update.rank)
    type.expand(bytes, count: columns, into: bench.weights)
    let weights = UnsafeBufferPointer(start: bench.weights, count: columns)
    if !weights.allSatisfy(\.isFinite) { benches[worker].startsFinite = false }
    update.b.expand(row, into: bench.factors)
    sk_scale(bench.factors, update.scale, bench.factors, rank)
    sk_columns_acc(a, numbers, bench.factors, 0, rank, bench.weights)
    if !merged.encode(bench.weights, count: columns, into: bench.encoded) {
      benches[worker].fits = false
    }
    return UnsafeRawPointer(bench.encoded)
  }
}

extension PredictorMatrix {
  /// Expands a row to float32, `[columns]`.
  fileprivate func expand(_ row: Int, into target: UnsafeMutablePointer<Float>) {
    bytes.withUnsafeBytes {
      type.expand(
        $0.baseAddress! + row * (bytes.count / rows), count: columns, into: target)
    }
  }
}
