internal import CSparrowKernels
internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowTransformer

/// The rows of a model's vocabulary head as float32, expanded in chunks.
struct HeadRows {
  let matrix: UnsafePointer<sk_matrix>
  let pool: WorkerPool
  private let model: Model

  /// Throws `.unsupported` when the rows' width is not a multiple of 32.
  init(_ model: Model) throws(SparrowError) {
    self.model = model
    matrix = model.engine.weights.matrix(model.binding.headRole)
    pool = model.engine.pool
    guard matrix.pointee.columns % 32 == 0 else {
      throw SparrowError(
        .unsupported, file: model.path, field: "head", found: "\(matrix.pointee.columns) columns",
        expected: "a multiple of 32")
    }
  }

  var vocabulary: Int { Int(matrix.pointee.rows) }
  var hidden: Int { Int(matrix.pointee.columns) }

  /// Expands row `row` less `mean`, `[hidden]`.
  func read(_ row: Int, less mean: UnsafePointer<Float>?, into target: UnsafeMutablePointer<Float>)
  {
    sk_unpack_row(matrix, Int32(row), target)
    guard let mean else { return }
    for column in 0..<hidden { target[column] -= mean[column] }
  }

  /// Expands rows on all workers: row i of `target` becomes row `rows[i]` less `mean`.
  func read(_ rows: some RandomAccessCollection<Int>, less mean: [Float]?, into target: FloatRows) {
    func run(_ mean: UnsafePointer<Float>?) {
      pool.run { worker in
        for index in worker.share(of: rows.count) {
          let row = rows[rows.index(rows.startIndex, offsetBy: index)]
          read(row, less: mean, into: target[index])
        }
      }
    }
    if let mean { mean.withUnsafeBufferPointer { run($0.baseAddress) } } else { run(nil) }
  }
}
