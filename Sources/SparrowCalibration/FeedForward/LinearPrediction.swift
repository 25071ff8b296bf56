internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// The scores that linear maps give recorded inputs, as the decoding kernels would.
enum LinearPrediction {
  /// Without a router's sigmoid, which keeps the order: `[samples, groups]`.
  static func scores(
    _ maps: LinearPredictor, inputs: FloatRows, samples: Int, pool: WorkerPool
  ) -> FloatRows {
    let a = maps.a?.floats()
    let b = maps.b.floats()
    let result = FloatRows(rows: samples, columns: maps.bias.count)
    pool.run { worker in
      let middle = FloatRows(rows: 1, columns: b.columns)
      for sample in worker.share(of: samples) {
        var x = inputs[sample]
        if let a {
          a.multiply(
            0..<a.rows, x: x, stride: a.columns, count: 1, output: middle[0],
            outputStride: a.rows)
          x = middle[0]
        }
        b.multiply(
          0..<b.rows, x: x, stride: b.columns, count: 1, output: result[sample],
          outputStride: b.rows)
        sk_add_acc(maps.bias, result[sample], Int32(maps.bias.count))
      }
    }
    return result
  }
}
