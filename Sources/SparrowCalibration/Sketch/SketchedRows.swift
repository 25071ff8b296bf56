internal import CSparrowKernels
internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

/// The rows of the matrices of one input as float32, expanded in chunks: the vocabulary head, or
/// gate and up one after the other.
struct SketchedRows {
  let matrices: [WeightRole]
  /// Factors of each matrix's rows; nil for 1.
  let factors: [[Float]?]
  let pool: WorkerPool
  private let model: Model
  private let weights: any BackendWeights
  /// Of each matrix.
  private let shape: (rows: Int, columns: Int)

  /// The vocabulary head. Throws `.unsupported` when the rows' width is not a multiple of 32.
  init(headOf model: Model) throws(SparrowError) {
    try self.init(
      model, [model.binding.headRole], factors: [nil], field: "head")
  }

  /// Matrices of as many rows each. Throws `.unsupported` when their width is not a multiple of 32.
  init(
    _ model: Model, _ matrices: [WeightRole], factors: [[Float]?], field: String
  ) throws(SparrowError) {
    self.model = model
    weights = model.backend.weights
    shape = weights.shape(of: matrices[0])
    self.matrices = matrices
    self.factors = factors
    pool = model.pool
    guard hidden % 32 == 0 else {
      throw SparrowError(
        .unsupported, file: model.path, field: field, found: "\(hidden) columns",
        expected: "a multiple of 32")
    }
  }

  /// What a sketch of these rows says of some states by the kernels that decode: scores,
  /// `[states, rows]`, and |x|² / hidden.
  func scores(
    of sketch: RowSketch, _ states: FloatRows, _ own: Range<Int>
  ) -> (FloatRows, energies: [Float]) {
    let scores = FloatRows(rows: own.count, columns: sketch.rowCount)
    var energies = [Float](repeating: 0, count: own.count)
    energies.withUnsafeMutableBufferPointer { energies in
      model.exclusively {
        model.backend.score(
          sketch, states: states[own.lowerBound], count: own.count, scores: scores[0],
          energies: energies.baseAddress!)
      }
    }
    return (scores, energies.map { $0 / Float(sketch.hidden) })
  }

  /// Rows from one matrix to the next: padded to whole blocks of the sketch where there are
  /// several.
  private var step: Int {
    let block = RowSketch.blockRows
    return matrices.count == 1 ? shape.rows : (shape.rows + block - 1) / block * block
  }
  var rowCount: Int { step * matrices.count }
  var hidden: Int { shape.columns }

  /// Expands row `row` less `mean`, `[hidden]`; the rows between two matrices are like the mean.
  func read(_ row: Int, less mean: UnsafePointer<Float>?, into target: UnsafeMutablePointer<Float>)
  {
    let own = row % step
    guard own < shape.rows else {
      target.update(repeating: 0, count: hidden)
      return
    }
    weights.read(own, of: matrices[row / step], into: target)
    if let factors = factors[row / step] { sk_scale(target, factors[own], target, Int32(hidden)) }
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
