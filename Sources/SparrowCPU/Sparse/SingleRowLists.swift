import SparrowSparsity

/// Which neurons of a step of one row the workers have in their lists.
enum SingleRowLists: BitwiseCopyable {
  /// All in one list: the first worker has selected for all.
  case one
  /// All, every worker in a list of its own: where a threshold selects, that costs less than a barrier.
  case repeated
  /// Every worker those that it has scored, in a list of its own: no barrier since the scores.
  case parts
}

extension FeedForwardPlan {
  /// A threshold costs little and writes no scores, so every worker can select for itself; and where exact activations
  /// are only put in the place of estimates, each for its own share, which is hardly uneven as few are selected.
  func singleRowLists(workers: Int) -> SingleRowLists {
    guard case .threshold = kernelSelector, common.isEmpty, workers <= NeuronScores.maximumRows
    else { return .one }
    switch kept {
    case nil: return isRestEstimated && groupSize == 1 && order.isEmpty ? .parts : .repeated
    case .threshold: return .repeated
    default: return .one
    }
  }
}
