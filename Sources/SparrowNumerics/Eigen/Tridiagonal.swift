internal import SparrowCore

/// A tridiagonal matrix T and the rotation that made it: A = Qᵀ T Q, Q's rows in `vectors`.
struct Tridiagonal {
  var diagonal: [Double]
  /// Element i stands between the diagonal's i and i + 1; the last is zero.
  var beside: [Double]
  let vectors: SquareMatrix

  /// Householder's reduction of a symmetric matrix, which it overwrites.
  init(reducing a: SquareMatrix, pool: WorkerPool) {
    let order = a.order
    var beside = [Double](repeating: 0, count: order)
    var factors = [Double](repeating: 0, count: order)
    // Row k keeps the reflector that cleared column k, from element k + 1 on.
    let reflectors = SquareMatrix(order: order)
    let products = UnsafeMutablePointer<Double>.allocate(capacity: max(1, order))
    defer { products.deallocate() }
    for k in 0..<max(0, order - 1) {
      let v = reflectors[k]
      for row in k + 1..<order { v[row] = a[row][k] }
      let rest = order - k - 2
      let tail = dot(v + k + 2, v + k + 2, rest)
      guard tail > 0 else {
        beside[k] = v[k + 1]
        continue
      }
      let length = (v[k + 1] * v[k + 1] + tail).squareRoot()
      beside[k] = v[k + 1] > 0 ? -length : length
      v[k + 1] -= beside[k]
      let factor = 2 / (v[k + 1] * v[k + 1] + tail)
      factors[k] = factor
      let start = k + 1
      let count = order - start
      pool.run { worker in
        let share = worker.share(of: count)
        for row in share {
          products[start + row] = factor * dot(a[start + row] + start, v + start, count)
        }
        worker.barrier()
        let overlap = factor / 2 * dot(v + start, products + start, count)
        worker.barrier()
        // Every worker corrects its own part: q = p - overlap v.
        for row in share { products[start + row] -= overlap * v[start + row] }
        worker.barrier()
        for row in share {
          add(-v[start + row], products + start, to: a[start + row] + start, count)
          add(-products[start + row], v + start, to: a[start + row] + start, count)
        }
      }
    }
    diagonal = (0..<order).map { a[$0][$0] }
    self.beside = beside
    vectors = Self.product(of: reflectors, factors, pool: pool)
  }

  /// The transpose of the product of all reflections, each row of it alone.
  private static func product(
    of reflectors: SquareMatrix, _ factors: [Double], pool: WorkerPool
  ) -> SquareMatrix {
    let order = reflectors.order
    let result = SquareMatrix(order: order)
    pool.run { worker in
      for row in worker.share(of: order) {
        let own = result[row]
        own[row] = 1
        for k in stride(from: order - 2, through: 0, by: -1) where row > k && factors[k] != 0 {
          let start = k + 1
          let along = factors[k] * dot(own + start, reflectors[k] + start, order - start)
          add(-along, reflectors[k] + start, to: own + start, order - start)
        }
      }
    }
    return result
  }

  /// Makes `diagonal` the eigenvalues and the rows of `vectors` the eigenvectors of A.
  mutating func diagonalize(pool: WorkerPool) {
    let order = diagonal.count
    var turns: [(cosine: Double, sine: Double)] = []
    for low in 0..<order {
      // Far more sweeps than the three or so that a value takes.
      for _ in 0..<200 {
        let high = (low..<order).first { isSplit(after: $0) } ?? order - 1
        if high == low { break }
        turns.removeAll(keepingCapacity: true)
        sweep(low, high, &turns)
        rotate(turns, high, pool: pool)
      }
    }
  }

  private func isSplit(after index: Int) -> Bool {
    guard index + 1 < diagonal.count else { return true }
    let size = abs(diagonal[index]) + abs(diagonal[index + 1])
    return abs(beside[index]) <= Double.ulpOfOne * size
      || abs(beside[index]) < Double.leastNormalMagnitude
  }

  /// One implicit QL sweep from `high` up to `low`; notes the turn of rows i and i + 1 for i
  /// falling.
  private mutating func sweep(
    _ low: Int, _ high: Int, _ turns: inout [(cosine: Double, sine: Double)]
  ) {
    var shift = (diagonal[low + 1] - diagonal[low]) / (2 * beside[low])
    let root = (shift * shift + 1).squareRoot()
    shift = diagonal[high] - diagonal[low] + beside[low] / (shift + (shift < 0 ? -root : root))
    var sine = 1.0
    var cosine = 1.0
    var moved = 0.0
    for i in stride(from: high - 1, through: low, by: -1) {
      let f = sine * beside[i]
      let b = cosine * beside[i]
      let r = (f * f + shift * shift).squareRoot()
      beside[i + 1] = r
      guard r > 0 else {
        diagonal[i + 1] -= moved
        beside[high] = 0
        return
      }
      sine = f / r
      cosine = shift / r
      shift = diagonal[i + 1] - moved
      let turn = (diagonal[i] - shift) * sine + 2 * cosine * b
      moved = sine * turn
      diagonal[i + 1] = shift + moved
      shift = cosine * turn - b
      turns.append((cosine, sine))
    }
    diagonal[low] -= moved
    beside[low] = shift
    beside[high] = 0
  }

  /// Turns rows high - 1 - n and high - n of `vectors` by turn n, each worker its own columns.
  private func rotate(
    _ turns: [(cosine: Double, sine: Double)], _ high: Int, pool: WorkerPool
  ) {
    let order = vectors.order
    pool.run { worker in
      let share = worker.share(of: order, unit: 8)
      for (index, turn) in turns.enumerated() {
        let upper = vectors[high - 1 - index]
        let lower = vectors[high - index]
        for column in share {
          let a = upper[column]
          let b = lower[column]
          lower[column] = turn.sine * a + turn.cosine * b
          upper[column] = turn.cosine * a - turn.sine * b
        }
      }
    }
  }
}
