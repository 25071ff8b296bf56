internal import CSparrowKernels
package import SparrowCore
package import SparrowTransformer

/// What each head group of a layer adds to its attention's output: |W o|, the length of the group's
/// part behind the output matrix.
///
/// By Wᵀ W of the group's columns, so that a token costs `[groups][width, width]` products (`width`
/// elements of a group's heads) and not the whole matrix. Deja Vu labels heads by |o| alone (arXiv
/// 2310.17157, section 3.1); what leaving a group out changes is W o.
package final class HeadGroupNorms {
  package let groups: Int
  /// Elements of a group's heads.
  package let width: Int
  /// Wᵀ W, `[groups][width, width]`.
  private let squares: UnsafeMutablePointer<Float>

  /// Expands the output matrix once; costs hidden · groups · width² products.
  package init(
    _ weights: any BackendWeights, layer: Int, attention: AttentionDescription, pool: WorkerPool
  ) {
    groups = attention.keyValueHeads
    width = attention.groupWidth
    let role = WeightRole(.output, layer: layer)
    let rows = weights.shape(of: role).rows
    let columns = groups * width
    squares = Self.floats(columns * width)
    // A row for each worker, then the matrix by columns.
    nonisolated(unsafe) let rowMemory = Self.floats(pool.count * columns)
    nonisolated(unsafe) let turned = Self.floats(columns * rows)
    defer {
      rowMemory.deallocate()
      turned.deallocate()
    }
    let width = width
    nonisolated(unsafe) let squares = squares
    pool.run { worker in
      let row = rowMemory + worker.index * columns
      for index in worker.share(of: rows) {
        weights.read(index, of: role, into: row)
        for column in 0..<columns { turned[column * rows + index] = row[column] }
      }
      worker.barrier()
      for column in worker.share(of: columns) {
        var group = Self.matrix(turned + column / width * width * rows, width, rows)
        sk_gemv(&group, turned + column * rows, squares + column * width, 0, Int32(width))
      }
    }
  }

  deinit { squares.deallocate() }

  /// The lengths for `count` rows of heads' results, `[count][groups]`; `work` has room for
  /// `[count][width]`.
  package func lengths(
    of attended: UnsafePointer<Float>, count: Int, work: UnsafeMutablePointer<Float>,
    into lengths: UnsafeMutablePointer<Float>
  ) {
    let stride = groups * width
    for group in 0..<groups {
      let own = attended + group * width
      var square = Self.matrix(squares + group * width * width, width, width)
      sk_gemm(
        &square, own, stride * 4, Int32(count), work, Int64(width), 0, Int32(width))
      for row in 0..<count {
        var sum: Float = 0
        for index in 0..<width { sum += work[row * width + index] * own[row * stride + index] }
        lengths[row * groups + group] = max(sum, 0).squareRoot()
      }
    }
  }

  /// Zeroed, at cache lines.
  private static func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * max(count, 1), alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * max(count, 1))
    return memory.assumingMemoryBound(to: Float.self)
  }

  private static func matrix(
    _ values: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
  ) -> sk_matrix {
    sk_matrix(
      data: UnsafeRawPointer(values), row_bytes: Int64(columns * 4), rows: Int32(rows),
      columns: Int32(columns), format: SK_F32, block: 0, minimums: 0)
  }
}
