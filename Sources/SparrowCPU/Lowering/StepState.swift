import SparrowTransformer

/// The part of a step's batch that belongs to one sequence: adjacent rows, adjacent positions.
struct StepSegment: BitwiseCopyable {
  /// The cache's memory, its element type and its capacity in positions.
  var cache: UnsafeMutableRawPointer
  var type: CacheType
  var capacity: Int
  var firstRow: Int
  var rows: Int
  /// Position of the first row.
  var firstPosition: Int
  /// Its rows turn by the frequencies of long sequences.
  var turnsLong = false
  /// The memory of the sequence's `DeferredKeys`; nil where no head was ever skipped.
  var deferred: UnsafeMutableRawPointer?
}

/// What all kernels of a step see.
struct StepState: BitwiseCopyable {
  /// Rows of the batch.
  var rows: Int
  var tokens: UnsafePointer<Int32>
  var segments: UnsafePointer<StepSegment>
  var segmentCount: Int
  /// The rows that the head computes.
  var logitRows: Range<Int> { firstLogit..<firstLogit + logitCount }
  var firstLogit = 0
  var logitCount = 0
}

/// An operation lowered to kernel calls.
///
/// Values hold plain pointers into weights and buffers, which the engine keeps alive: the loop over
/// operations then counts no references on lines that both threads share.
enum LoweredOperation: BitwiseCopyable {
  case embed(EmbedKernel)
  case addPositions(PositionKernel)
  case norm(NormKernel)
  case multiply(MultiplyKernel)
  case multiplyLarge(MultiplyLargeKernel)
  case activate(ActivateKernel)
  case heads(HeadsKernel)
  case attend(AttendKernel)
  case gateHeads(GateHeadsKernel)
  case predictHeads(PredictHeadsKernel)
  case selectHeads(SelectHeadsKernel)
  case keepInput(KeepInputKernel)
  case projectHeads(ProjectHeadsKernel)
  case appendHeads(AppendHeadsKernel)
  case attendHeads(AttendHeadsKernel)
  case sparseOutput(SparseOutputKernel)
  case feedForward(FeedForwardKernel)
  case predict(PredictKernel)
  case select(SelectKernel)
  case sparseFeedForward(SparseFeedForwardKernel)
  case add(AddKernel)
  case scale(ScaleKernel)
  case head(HeadKernel)
  case sketch(SketchKernel)
  case candidates(CandidatesKernel)
  case exact(ExactKernel)
}
