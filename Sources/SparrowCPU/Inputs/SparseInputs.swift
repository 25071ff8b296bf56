internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The matrices of a program that read large inputs only: their weights by columns, lists and buffers.
///
/// The packed rows stay beside them, for prompts and wide batches.
final class SparseInputs {
  let plans: [Int: InputPlan]
  private let weights: PackedWeights
  private let memory = Scratch()
  private var columns: [WeightRole: UnsafePointer<sk_columns>] = [:]
  private var reads: [InputSource: NeuronReads] = [:]
  private let lists: LargeInputs
  private let work: SparseWork

  init(_ plans: [Int: InputPlan], weights: PackedWeights, pool: WorkerPool) {
    self.plans = plans
    self.weights = weights
    var widest = 1
    var tallest = 1
    for (layer, plan) in plans.sorted(by: { $0.key < $1.key }) {
      for input in plan.thresholds.keys {
        let source = InputSource(layer: layer, input: input)
        reads[source] = NeuronReads(workers: pool.count, memory: memory)
        var rows = 0
        for role in source.roles where weights.byteCount(of: role) != nil {
          let matrix = weights.matrix(role)
          columns[role] = memory.columns(of: matrix, pool: pool)
          widest = max(widest, Int(matrix.pointee.columns))
          rows += SparseWork.padded(Int(matrix.pointee.rows))
        }
        tallest = max(tallest, rows)
      }
    }
    lists = LargeInputs(width: widest, workers: pool.count, memory: memory)
    work = SparseWork(width: tallest, workers: pool.count, memory: memory)
  }

  /// Counts anew.
  func reset() { reads.values.forEach { $0.reset() } }

  /// Bytes that the matrices read for a token, as they did on average so far.
  var bytesPerToken: Int {
    reads.reduce(0) { sum, entry in
      let (source, reads) = entry
      return source.roles.reduce(sum) {
        guard let matrix = columns[$1]?.pointee else { return $0 }
        let read = reads.mean?.columns ?? Double(matrix.columns)
        return $0 + Int(read * Double(matrix.column_bytes)) + matrix.scaleBytes
      }
    }
  }

  /// Bytes that the same matrices read densely.
  var denseBytesPerToken: Int { columns.keys.reduce(0) { $0 + (weights.byteCount(of: $1) ?? 0) } }

  // MARK: - Lowering

  func multiply(
    _ source: InputSource, from input: StepBuffer, isNormed: Bool, into outputs: [StepBuffer],
    isAdded: Bool
  ) -> MultiplyLargeKernel {
    var products: [ColumnProduct] = []
    var start = 0
    for (role, output) in zip(source.roles.filter { columns[$0] != nil }, outputs) {
      let matrix = columns[role]!
      products.append(
        ColumnProduct(
          matrix: matrix,
          bias: role.kind.bias.flatMap { weights.vector(WeightRole($0, layer: role.layer)) },
          output: output, start: start))
      start += SparseWork.padded(Int(matrix.pointee.rows))
    }
    return MultiplyLargeKernel(
      source: source, products: memory.copy(products), count: products.count, input: input,
      isNormed: isNormed, width: Int(products[0].matrix.pointee.columns),
      threshold: plans[source.layer]!.thresholds[source.input]!.value, isAdded: isAdded,
      lists: lists, reads: reads[source]!, work: work)
  }
}

extension InputSource {
  /// The matrices that may read it; networks without gate lack one.
  fileprivate var roles: [WeightRole] { input.matrices.map { WeightRole($0, layer: layer) } }
}
