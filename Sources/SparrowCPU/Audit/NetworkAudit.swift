import SparrowCore
import SparrowSparsity

/// What one sparse feed-forward network touched, beside the exact activations of all its neurons.
final class NetworkAudit {
  private(set) var activity: LayerActivity
  /// The group of a neuron that is its group's first, else -1, `[neurons]`: groups are selected whole.
  private let groups: [Int32]
  /// Of down's columns, `[neurons]`.
  private let lengths: [Float]
  /// What a plan's second stage would keep of all neurons; nil where activations alone decide.
  private let kept: (selector: Selector, groups: KeptGroups, predicted: [Int32])?
  private let memory = Scratch()
  private let activations: ExactActivations
  private let scratch: SelectorScratch
  /// 0, 1, 2, ...
  private let neurons: [Int32]

  init(
    _ layer: Int, _ plan: FeedForwardPlan, lengths: [Float], activations: ExactActivations
  ) {
    let width = lengths.count
    activity = LayerActivity(
      layer: layer, kind: .feedForward, groups: width / plan.groupSize, recallSum: 0)
    var groups = [Int32](repeating: -1, count: width)
    for group in 0..<width / plan.groupSize {
      let place = group * plan.groupSize
      groups[plan.order.isEmpty ? place : Int(plan.order[place])] = Int32(group)
    }
    self.groups = groups
    self.lengths = lengths
    switch plan.kept {
    case nil, .threshold: kept = nil
    case let selector?:
      kept = (
        selector, KeptGroups(plan, width: width, workers: 1, memory: memory),
        plan.predictedGroups(width: width)
      )
    }
    self.activations = activations
    scratch = SelectorScratch(groups: width)
    neurons = (0..<Int32(width)).map { $0 }
  }

  func look(at network: SelectedNeurons, _ worker: Worker, _ step: StepState) {
    activations.compute(network, worker, step)
    worker.barrier()
    // The network's own barriers keep the next one's activations from coming too early.
    guard worker.index == 0 else { return }
    for row in 0..<step.rows {
      let selected = network.lists.all(of: row)
      activity.add(selected.lazy.map { self.groups[Int($0)] }.filter { $0 >= 0 })
      activity.recallSum? +=
        kept == nil ? recall(of: selected, row) : keptRecall(worker, of: selected, row)
    }
  }

  /// Part of the greatest neurons, as many as are selected and not zero, that the selection holds; 1 where
  /// there are none to hold.
  private func recall(of selected: [Int32], _ row: Int) -> Double {
    let sizes = activations.sizes.scores(of: row)
    for neuron in lengths.indices { sizes[neuron] *= lengths[neuron] }
    let greatest = activations.sizes.selection.neurons(of: row)
    let count = Selector.topK(selected.count).select(
      UnsafeBufferPointer(start: sizes, count: lengths.count), into: greatest, scratch: scratch)
    var least = Float.infinity
    var wanted = 0
    for index in 0..<count {
      let size = sizes[Int(greatest[index])]
      guard size > 0 else { continue }
      least = min(least, size)
      wanted += 1
    }
    guard wanted > 0 else { return 1 }
    // Of equal neurons one is as good as the other.
    let found = selected.reduce(0) { $0 + (sizes[Int($1)] >= least ? 1 : 0) }
    return Double(found) / Double(wanted)
  }

  /// Part of what the second stage would keep of all neurons, the common path aside, that the candidates hold: HiRE's
  /// recall. 1 where there is nothing to keep.
  private func keptRecall(
    _ worker: Worker, of candidates: [Int32], _ row: Int
  ) -> Double {
    let (selector, groups, predicted) = kept!
    let sizes = activations.sizes.scores(of: row)
    let greatest = activations.sizes.selection.neurons(of: row)
    let count = neurons.withUnsafeBufferPointer {
      groups.choose(worker, $0, sizes: sizes, selector, into: greatest, scratch: scratch)
    }
    var wanted = 0
    var found = 0
    var next = 0
    for index in 0..<count {
      let neuron = greatest[index]
      guard sizes[Int(neuron)] > 0, predicted[Int(neuron)] >= 0 else { continue }
      wanted += 1
      while next < candidates.count, candidates[next] < neuron { next += 1 }
      if next < candidates.count, candidates[next] == neuron { found += 1 }
    }
    return wanted == 0 ? 1 : Double(found) / Double(wanted)
  }
}
