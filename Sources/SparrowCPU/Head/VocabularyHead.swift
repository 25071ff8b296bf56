internal import CSparrowKernels
import SparrowSparsity
import SparrowTransformer

/// The vocabulary head of a model: its matrix, memory for logits, and a plan's search in its
/// sketch.
final class VocabularyHead {
  /// `[HeadKernel.maximumRows][vocabulary]`
  let logits: UnsafeMutablePointer<Float>
  /// What a sparse head searches in; nil for a dense one.
  private(set) var search: SketchSearch?
  private let matrix: UnsafePointer<sk_matrix>
  private let model: ModelConfiguration
  private let workers: Int

  init(matrix: UnsafePointer<sk_matrix>, model: ModelConfiguration, workers: Int) {
    self.matrix = matrix
    self.model = model
    self.workers = workers
    logits = .allocate(capacity: HeadKernel.maximumRows * model.vocabulary)
  }

  deinit { logits.deallocate() }

  /// `input` is the buffer that the head reads.
  func install(_ head: SketchedVocabulary?, input: StepBuffer) {
    search = head.map {
      SketchSearch($0, matrix: matrix, input: input, finish: LogitFinish(model), workers: workers)
    }
  }

  func dense(input: StepBuffer) -> HeadKernel {
    let output = StepBuffer(
      values: logits, width: model.vocabulary, quantized: nil)
    return HeadKernel(
      product: Product(matrix: matrix, bias: nil, output: output), input: input,
      finish: LogitFinish(model))
  }
}
