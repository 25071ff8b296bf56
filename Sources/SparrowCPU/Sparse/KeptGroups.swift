import SparrowCore
import SparrowSparsity

/// Chooses among groups of candidates by the sums of their exact |activation| (HiRE, arXiv 2402.09360, eq 6).
struct KeptGroups: BitwiseCopyable {
  private let count: Int
  /// The group of each neuron, `[width]`; -1 in the common path.
  private let numbers: UnsafePointer<Int32>
  // `[groups]`: sums of the candidates' groups, which those are, and which were chosen.
  private let sums: PerWorker<Float>
  private let found: PerWorker<Int32>
  private let chosen: PerWorker<Int32>

  init(_ plan: FeedForwardPlan, width: Int, workers: Int, memory: Scratch) {
    count = width / plan.groupSize
    numbers = memory.copy(plan.predictedGroups(width: width))
    sums = PerWorker(count, workers: workers, memory: memory)
    found = PerWorker(count, workers: workers, memory: memory)
    chosen = PerWorker(count, workers: workers, memory: memory)
  }

  /// Writes the places of the kept candidates, ascending; gives their count. `sizes` are |activation| of the
  /// candidates, whose groups are whole.
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
