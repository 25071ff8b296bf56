import CSparrowCUDA
import SparrowCore
import SparrowSparsity

/// Scores become the numbers that a layer touches, for each row of a step.
struct Selecting: Sendable {
  private let kernel: CUDAKernel
  private let threads: Int
  private let argument: scu_select

  /// What is chosen, and how.
  struct Choice {
    var selector: scu_selector
    /// Neurons that are chosen together.
    var group = 1
    /// A group's score is the sum of its neurons' sizes; else scores are of groups.
    var sums = false
    /// The neuron at each place; empty where groups are runs of neighbours.
    var order: [Int32] = []
    /// Groups that are always chosen.
    var common: [Int32] = []
    /// Only these are chosen among.
    var among: DeviceLists?

    init(_ selector: Selector) { self.selector = scu_selector(selector) }

    /// Numbers whose size is above a threshold, or that are none.
    init(above threshold: Float) {
      selector = scu_selector()
      selector.kind = Int32(SCU_LARGE.rawValue)
      selector.threshold = threshold
    }
  }

  init(
    _ choice: Choice, of scores: DeviceRows, into chosen: DeviceLists, reads: ReadCounts?,
    memory: DeviceMemory, _ library: KernelLibrary
  ) throws(SparrowError) {
    let groups = chosen.width / choice.group
    threads = groups <= 2048 ? 256 : 1024
    kernel = try library.kernel(
      "select_rows", of: ["sparse_arguments.h", "cut.cuh", "select.cu"],
      constants: [("SELECT_THREADS", threads)],
      sharedBytes: 4 * ((chosen.width + 31) / 32) + 4 * ((chosen.columns + 31) / 32))
    argument = scu_select(
      selector: choice.selector, scores: scores.address,
      work: try memory.bytes(8 * StepShape.sparseRows * groups),
      among: choice.among?.argument.marks ?? 0, order: try memory.copy(choice.order),
      common: try memory.copy(choice.common), reads: reads?.address ?? 0,
      chosen: chosen.argument, stride: Int32(scores.width), groups: Int32(groups),
      group: Int32(choice.group), common_count: Int32(choice.common.count),
      sums: choice.sums ? 1 : 0)
  }

  /// `counts` is false where it is done once more for those who look.
  func launch(_ shape: StepShape, counts: Bool = true) throws(SparrowError) {
    var own = argument
    if !counts { own.reads = 0 }
    try kernel.launch(.init(grid: shape.rows, block: threads, startsEarly: true), own)
  }
}

extension scu_selector {
  init(_ selector: Selector) {
    self.init()
    switch selector {
    case .threshold(let threshold):
      (kind, self.threshold) = (Int32(SCU_THRESHOLD.rawValue), threshold)
    case .topK(let k): (kind, self.k) = (Int32(SCU_TOP.rawValue), Int32(clamping: k))
    case .statisticalTopK(let k):
      (kind, self.k) = (Int32(SCU_STATISTICAL.rawValue), Int32(clamping: k))
    case .bucketedTopK(let k, let buckets, let perBucket):
      (kind, self.k) = (Int32(SCU_BUCKETED.rawValue), Int32(clamping: k))
      self.buckets = Int32(min(buckets, 1 << 30))
      per_bucket = Int32(clamping: perBucket)
    }
  }
}
