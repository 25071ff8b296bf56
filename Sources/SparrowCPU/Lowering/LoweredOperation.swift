import SparrowCore

/// An operation lowered to kernel calls.
///
/// Values hold plain pointers into weights and buffers, which the engine keeps alive: the loop over
/// operations then counts no references on lines that both threads share.
enum LoweredOperation: BitwiseCopyable {
  case embed(EmbedKernel)
  case addPositions(PositionKernel)
  case addTokenType(TokenTypeKernel)
  case norm(NormKernel)
  case multiply(MultiplyKernel)
  case multiplyLarge(MultiplyLargeKernel)
  case activate(ActivateKernel)
  case heads(AttentionHeadsKernel)
  case attend(AttendKernel)
  case gateHeads(GateAttentionKernel)
  case predictHeads(PredictHeadGroupsKernel)
  case selectHeads(SelectHeadGroupsKernel)
  case keepInput(KeepInputKernel)
  case projectHeads(ProjectHeadGroupsKernel)
  case appendHeads(AppendHeadGroupsKernel)
  case attendHeads(AttendHeadGroupsKernel)
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

extension LoweredOperation {
  /// One worker's part; false where the others need not wait for it.
  func run(_ worker: Worker, _ step: StepState) -> Bool {
    switch self {
    case .embed(let kernel): kernel.run(worker, step)
    case .addPositions(let kernel): kernel.run(worker, step)
    case .addTokenType(let kernel): kernel.run(worker, step)
    case .norm(let kernel):
      kernel.run(worker, step)
      // Every worker made the row for itself.
      return step.rows > 1 || kernel.isInPlace
    case .multiply(let kernel): kernel.run(worker, step)
    case .multiplyLarge(let kernel): kernel.run(worker, step)
    case .activate(let kernel): kernel.run(worker, step)
    case .heads(let kernel): kernel.run(worker, step)
    case .attend(let kernel): kernel.run(worker, step)
    case .gateHeads(let kernel): kernel.run(worker, step)
    case .predictHeads(let kernel): kernel.run(worker, step)
    case .selectHeads(let kernel): kernel.run(worker, step)
    case .keepInput(let kernel): kernel.run(worker, step)
    case .projectHeads(let kernel): kernel.run(worker, step)
    case .appendHeads(let kernel): kernel.run(worker, step)
    case .attendHeads(let kernel): kernel.run(worker, step)
    case .sparseOutput(let kernel): kernel.run(worker, step)
    case .feedForward(let kernel): kernel.run(worker, step)
    case .predict(let kernel):
      kernel.run(worker, step)
      return step.rows > 1 || kernel.isRead
    case .select(let kernel):
      kernel.run(worker, step)
      return step.rows > 1 || kernel.singleRow == .one
    case .sparseFeedForward(let kernel): kernel.run(worker, step)
    case .add(let kernel): kernel.run(worker, step)
    case .scale(let kernel): kernel.run(worker, step)
    case .head(let kernel): kernel.run(worker, step)
    case .sketch(let kernel): kernel.run(worker, step)
    case .candidates(let kernel): kernel.run(worker, step)
    case .exact(let kernel): kernel.run(worker, step)
    }
    return true
  }
}
