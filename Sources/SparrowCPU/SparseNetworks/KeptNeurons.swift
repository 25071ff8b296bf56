internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// The second of HiRE's two stages: of the selected neurons, those that the exact activations
/// choose (arXiv 2402.09360, section 3.3), in groups where neurons are selected in groups (eq 6).
/// Only these read their column of down. The common path is kept whatever it is (eq 7).
struct KeptNeurons: BitwiseCopyable {
  let lists: IndexLists
  private let selector: Selector
  /// `[rows][width]`: of the selected neurons, then of the kept ones.
  private let activations: UnsafeMutablePointer<Float>
  /// `[width]`
  private let sizes: PerWorker<Float>
  /// nil where neurons are chosen one by one.
  private let groups: KeptGroups?
  private let scratch: UnsafePointer<Unmanaged<SelectorScratch>>

  /// `selector` is the plan's second one; `scratch` has one for each worker and outlives this.
  init(
    _ selector: Selector, of plan: FeedForwardPlan, width: Int, scratch: [SelectorScratch],
    memory: OwnedMemory
  ) {
    self.selector = selector
    groups =
      plan.groupSize == 1 && plan.common.isEmpty
      ? nil : KeptGroups(plan, width: width, workers: scratch.count, memory: memory)
    lists = IndexLists(width: width, memory: memory)
    activations = memory.floats(StepState.maximumSparseRows * width)
    sizes = PerWorker(width, workers: scratch.count, memory: memory)
    self.scratch = memory.copy(scratch.map(Unmanaged.passUnretained))
  }

  func activations(of row: Int) -> UnsafeMutablePointer<Float> {
    activations + row * lists.width
  }

  /// Fills `lists` from the rows' selections and their activations, a row a worker.
  func choose(_ worker: Worker, _ step: StepState, of selection: IndexLists) {
    let sizes = sizes[worker]
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      let values = activations(of: row)
      let candidates = selection.indices(of: row)
      let kept = lists.indices(of: row)
      let count = Int(selection.counts[row])
      sk_sizes(values, sizes, Int32(count))
      let keptCount = scratch[worker.index]._withUnsafeGuaranteedRef {
        guard let groups else {
          return selector.select(
            UnsafeBufferPointer(start: sizes, count: count), into: kept, scratch: $0)
        }
        return groups.choose(
          worker, UnsafeBufferPointer(start: candidates, count: count), sizes: sizes, selector,
          into: kept, scratch: $0)
      }
      // Places ascend, so that none is overwritten before it is read.
      for index in 0..<keptCount {
        let place = Int(kept[index])
        kept[index] = candidates[place]
        values[index] = values[place]
      }
      lists.counts[row] = Int32(keptCount)
    }
  }
}

/// Chooses among groups of candidates by the sums of their exact |activation| (HiRE, arXiv
/// 2402.09360, eq 6).
struct KeptGroups: BitwiseCopyable {
  private let count: Int
  /// The group of each neuron, `[width]`; -1 in the common path.
  private let numbers: UnsafePointer<Int32>
  // `[groups]`: sums of the candidates' groups, which those are, and which were chosen.
  private let sums: PerWorker<Float>
  private let found: PerWorker<Int32>
  private let chosen: PerWorker<Int32>

  init(_ plan: FeedForwardPlan, width: Int, workers: Int, memory: OwnedMemory) {
    count = width / plan.groupSize
    numbers = memory.copy(plan.predictedGroups(width: width))
    sums = PerWorker(count, workers: workers, memory: memory)
    found = PerWorker(count, workers: workers, memory: memory)
    chosen = PerWorker(count, workers: workers, memory: memory)
  }

  /// Writes the places of the kept candidates, ascending; gives their count. `sizes` are
  /// |activation| of the candidates, whose groups are whole.
  func choose(
    _ worker: Worker, _ candidates: UnsafeBufferPointer<Int32>,
    sizes: UnsafePointer<Float>, _ selector: Selector, into kept: UnsafeMutablePointer<Int32>,
    scratch: SelectorScratch
  ) -> Int {
    let (sums, found, chosen) = (sums[worker], found[worker], chosen[worker])
    sums.update(repeating: -1, count: count)
    for (place, neuron) in candidates.enumerated() {
      let group = Int(numbers[Int(neuron)])
      if group >= 0 { sums[group] = max(sums[group], 0) + sizes[place] }
    }
    var groups = 0
    for group in 0..<count where sums[group] != -1 {
      found[groups] = Int32(group)
      sums[groups] = sums[group]
      groups += 1
    }
    let picked = selector.select(
      UnsafeBufferPointer(start: sums, count: groups), into: chosen, scratch: scratch)
    // From here on `sums` marks what is kept.
    sums.update(repeating: 0, count: count)
    for index in 0..<picked { sums[Int(found[Int(chosen[index])])] = 1 }
    var total = 0
    for (place, neuron) in candidates.enumerated() {
      let group = Int(numbers[Int(neuron)])
      guard group < 0 || sums[group] == 1 else { continue }
      kept[total] = Int32(place)
      total += 1
    }
    return total
  }
}
