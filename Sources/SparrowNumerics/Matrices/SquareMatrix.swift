package import SparrowCore

/// A square matrix of float64, row-major.
package final class SquareMatrix {
  package let order: Int
  private let memory: UnsafeMutablePointer<Double>

  /// All zero.
  package init(order: Int) {
    self.order = order
    memory = .allocate(capacity: max(1, order * order))
    memory.initialize(repeating: 0, count: max(1, order * order))
  }

  /// Of elements by row and column.
  package convenience init(order: Int, _ element: (Int, Int) -> Double) {
    self.init(order: order)
    for row in 0..<order {
      for column in 0..<order { self[row][column] = element(row, column) }
    }
  }

  deinit { memory.deallocate() }

  /// `[order]`
  package subscript(row: Int) -> UnsafeMutablePointer<Double> { memory + row * order }

  /// self · otherᵀ: every element the dot product of two rows. Costs order³ multiplications, on all
  /// workers.
  package func multiplied(byTransposeOf other: SquareMatrix, pool: WorkerPool) -> SquareMatrix {
    let result = SquareMatrix(order: order)
    pool.run { worker in
      // Blocks of rows of `other` stay in the cache while this worker's rows pass.
      for block in stride(from: 0, to: order, by: 64) {
        for row in worker.share(of: order) {
          for column in block..<min(block + 64, order) {
            result[row][column] = dot(self[row], other[column], order)
          }
        }
      }
    }
    return result
  }

  /// The matrix whose rows are these rows times `scale(row)`.
  package func scaled(_ scale: (Int) -> Double) -> SquareMatrix {
    let result = SquareMatrix(order: order)
    for row in 0..<order {
      let factor = scale(row)
      for column in 0..<order { result[row][column] = self[row][column] * factor }
    }
    return result
  }

  package func transposed() -> SquareMatrix {
    SquareMatrix(order: order) { self[$1][$0] }
  }

  package var trace: Double { (0..<order).reduce(0) { $0 + self[$1][$1] } }
}

/// The dot product of two vectors of `count` elements.
func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var first = SIMD4<Double>.zero
  var second = SIMD4<Double>.zero
  let a8 = UnsafeRawPointer(a)
  let b8 = UnsafeRawPointer(b)
  var at = 0
  while at + 8 <= count {
    let offset = at * 8
    first +=
      a8.loadUnaligned(fromByteOffset: offset, as: SIMD4<Double>.self)
      * b8.loadUnaligned(fromByteOffset: offset, as: SIMD4<Double>.self)
    second +=
      a8.loadUnaligned(fromByteOffset: offset + 32, as: SIMD4<Double>.self)
      * b8.loadUnaligned(fromByteOffset: offset + 32, as: SIMD4<Double>.self)
    at += 8
  }
  var sum = (first + second).sum()
  while at < count {
    sum += a[at] * b[at]
    at += 1
  }
  return sum
}

/// y += factor · x, `count` elements.
func add(
  _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
) {
  for at in 0..<count { y[at] += factor * x[at] }
}
