import SparrowSparsity

/// What one sparse feed-forward network touched, beside the exact activations of all its neurons.
final class NetworkAudit {
  private(set) var activity: LayerActivity
  /// The group of a neuron that is its group's first, else -1, `[neurons]`: groups are selected
  /// whole.
  private let groups: [Int32]
  /// Of down's columns, `[neurons]`.
  private let lengths: [Float]
  /// A plan's second stage and the group of each neuron, -1 in the common path; nil where
  /// activations alone decide what is kept.
  private let kept: (selector: Selector, groups: [Int32])?
  private let scratch: SelectorScratch
  private var greatest: [Int32]

  init(_ layer: Int, _ plan: FeedForwardPlan, lengths: [Float]) {
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
    kept =
      switch plan.kept {
      case nil, .threshold: nil
      case let selector?: (selector, plan.predictedGroups(width: width))
      }
    scratch = SelectorScratch(groups: width)
    greatest = Array(repeating: 0, count: width)
  }

  func note(_ selected: [Int32], _ sizes: UnsafeMutableBufferPointer<Float>) {
    activity.add(selected.lazy.map { self.groups[Int($0)] }.filter { $0 >= 0 })
    let recall = kept == nil ? recall(of: selected, sizes) : keptRecall(of: selected, sizes)
    activity.recallSum? += recall
  }

  /// Part of the greatest neurons, as many as are selected and not zero, that the selection holds;
  /// 1 where there are none to hold.
  private func recall(of selected: [Int32], _ sizes: UnsafeMutableBufferPointer<Float>) -> Double {
    for neuron in lengths.indices { sizes[neuron] *= lengths[neuron] }
    let count = Selector.topK(selected.count).select(
      UnsafeBufferPointer(sizes), into: &greatest, scratch: scratch)
    var least = Float.infinity
    var wanted = 0
    for neuron in greatest[..<count] where sizes[Int(neuron)] > 0 {
      least = min(least, sizes[Int(neuron)])
      wanted += 1
    }
    guard wanted > 0 else { return 1 }
    // Of equal neurons one is as good as the other.
    let found = selected.count { sizes[Int($0)] >= least }
    return Double(found) / Double(wanted)
  }

  /// Part of what the second stage would keep of all neurons, the common path aside, that the
  /// candidates hold: HiRE's recall. 1 where there is nothing to keep.
  private func keptRecall(
    of candidates: [Int32], _ sizes: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let (selector, groups) = kept!
    var sums = [Float?](repeating: nil, count: activity.groups)
    for (neuron, group) in groups.enumerated() where group >= 0 {
      sums[Int(group)] = (sums[Int(group)] ?? 0) + sizes[neuron]
    }
    let present = sums.indices.filter { sums[$0] != nil }
    let chosen = Set(selector.select(present.map { sums[$0]! }).indices.map { present[Int($0)] })
    let held = Set(candidates)
    var wanted = 0
    var found = 0
    for (neuron, group) in groups.enumerated()
    where group >= 0 && chosen.contains(Int(group)) && sizes[neuron] > 0 {
      wanted += 1
      if held.contains(Int32(neuron)) { found += 1 }
    }
    return wanted == 0 ? 1 : Double(found) / Double(wanted)
  }
}
