internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Turns the scores of a layer into the neurons that its network touches, a row of the step a
/// worker; of a single row as `SingleRowLists` says.
struct SelectKernel: BitwiseCopyable {
  private let selector: Selector
  private let groups: Int
  private let groupSize: Int
  /// Scores are of neurons, by number, and are summed up here to those of groups, by place.
  private let sums: Bool
  /// nil where groups are runs of neighbours.
  private let order: UnsafePointer<Int32>?
  private let common: UnsafePointer<Int32>
  private let commonCount: Int
  private let result: NeuronScores
  /// `[groups]`
  private let groupScores: PerWorker<Float>
  private let selected: PerWorker<Int32>
  /// `[width]`
  private let marks: PerWorker<Float>
  /// What selectors work in, for each worker.
  private let scratch: UnsafePointer<Unmanaged<SelectorScratch>>
  let singleRow: SingleRowLists

  /// `scratch` has one for each worker and outlives the kernel.
  init(
    _ plan: FeedForwardPlan, result: NeuronScores, workers: Int, scratch: [SelectorScratch],
    memory: OwnedMemory
  ) {
    // Linear maps score groups; all else scores neurons.
    let sums = plan.maps == nil && (plan.groupSize > 1 || !plan.order.isEmpty)
    self.init(
      plan.scoreSelector, groupSize: plan.groupSize, sums: sums, order: plan.order,
      common: plan.common, result: result, workers: workers,
      singleRow: plan.singleRowLists(workers: workers), scratch: scratch, memory: memory)
  }

  /// Head groups, each scored by itself.
  init(
    _ plan: AttentionPlan, result: NeuronScores, workers: Int, scratch: [SelectorScratch],
    memory: OwnedMemory
  ) {
    self.init(
      plan.scoreSelector, groupSize: 1, sums: false, order: [], common: [], result: result,
      workers: workers, singleRow: .one, scratch: scratch, memory: memory)
  }

  private init(
    _ selector: Selector, groupSize: Int, sums: Bool, order: [Int32], common: [Int32],
    result: NeuronScores, workers: Int, singleRow: SingleRowLists, scratch: [SelectorScratch],
    memory: OwnedMemory
  ) {
    self.singleRow = singleRow
    self.selector = selector
    self.groupSize = groupSize
    self.sums = sums
    groups = result.width / groupSize
    self.order = order.isEmpty ? nil : memory.copy(order)
    self.common = memory.copy(common)
    commonCount = common.count
    self.result = result
    groupScores = PerWorker(groups, workers: workers, memory: memory)
    selected = PerWorker(groups, workers: workers, memory: memory)
    marks = PerWorker(result.width, workers: workers, memory: memory)
    self.scratch = memory.copy(scratch.map(Unmanaged.passUnretained))
  }

  func run(_ worker: Worker, _ step: StepState) {
    if step.rows == 1, singleRow != .one {
      let isPart = singleRow == .parts
      let count =
        isPart ? selectPart(worker) : select(worker, 0, into: worker.index)
      result.lists.counts[worker.index] = Int32(count)
      if worker.index == 0 { result.lists.parts.pointee = isPart ? Int32(worker.count) : 1 }
      if isPart || worker.index == 0 {
        result.reads.add(worker.index, tokens: worker.index == 0 ? 1 : 0, neurons: count)
      }
      return
    }
    if worker.index == 0 { result.lists.parts.pointee = 1 }
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      let count = select(worker, row, into: row)
      result.lists.counts[row] = Int32(count)
      result.reads.add(worker.index, tokens: 1, neurons: count)
    }
  }

  /// Selects among the neurons of a single row that this worker has scored.
  private func selectPart(_ worker: Worker) -> Int {
    let own = result.share(worker).clamped(to: 0..<result.width)
    guard case .threshold(let least) = selector else { preconditionFailure("a threshold selects") }
    return Int(
      sk_select_above(
        result.scores(of: 0) + own.lowerBound, Int32(own.count), least, Int32(own.lowerBound),
        result.lists.indices(of: worker.index), Int32(own.count)))
  }

  private func select(_ worker: Worker, _ row: Int, into list: Int) -> Int {
    var scores = result.scores(of: row)
    let neurons = result.lists.indices(of: list)
    if groupSize == 1 && commonCount == 0 && order == nil {
      return choose(scores, worker, into: neurons)
    }
    if sums {
      let target = groupScores[worker]
      for group in 0..<groups {
        var sum: Float = 0
        for place in group * groupSize..<(group + 1) * groupSize {
          sum += scores[order.map { Int($0[place]) } ?? place]
        }
        target[group] = sum
      }
      scores = target
    }
    // What is always used competes with nothing: no number is never selected.
    for index in 0..<commonCount { scores[Int(common[index])] = .nan }
    let chosen = selected[worker]
    let count = choose(scores, worker, into: chosen)
    let marks = marks[worker]
    marks.update(repeating: 0, count: result.width)
    for index in 0..<count { mark(Int(chosen[index]), marks) }
    for index in 0..<commonCount { mark(Int(common[index]), marks) }
    return Int(
      sk_select_above(marks, Int32(result.width), 0.5, 0, neurons, Int32(result.width)))
  }

  private func mark(_ group: Int, _ marks: UnsafeMutablePointer<Float>) {
    for place in group * groupSize..<(group + 1) * groupSize {
      marks[order.map { Int($0[place]) } ?? place] = 1
    }
  }

  private func choose(
    _ scores: UnsafeMutablePointer<Float>, _ worker: Worker,
    into indices: UnsafeMutablePointer<Int32>
  ) -> Int {
    if case .threshold(let least) = selector {
      return Int(sk_select_above(scores, Int32(groups), least, 0, indices, Int32(groups)))
    }
    return scratch[worker.index]._withUnsafeGuaranteedRef {
      selector.select(
        UnsafeBufferPointer(start: scores, count: groups), into: indices, scratch: $0)
    }
  }
}

/// Which neurons of a step of one row the workers have in their lists.
enum SingleRowLists: BitwiseCopyable {
  /// All in one list: the first worker has selected for all.
  case one
  /// All, every worker in a list of its own: where a threshold selects, that costs less than a
  /// barrier.
  case repeated
  /// Every worker those that it has scored, in a list of its own: no barrier since the scores.
  case parts
}

extension FeedForwardPlan {
  /// A threshold costs little and writes no scores, so every worker can select for itself; and
  /// where exact activations are only put in the place of estimates, each for its own share, which
  /// is hardly uneven as few are selected.
  func singleRowLists(workers: Int) -> SingleRowLists {
    guard case .threshold = scoreSelector, common.isEmpty, workers <= StepState.maximumSparseRows
    else { return .one }
    switch kept {
    case nil: return isRestEstimated && groupSize == 1 && order.isEmpty ? .parts : .repeated
    case .threshold: return .repeated
    default: return .one
    }
  }
}
