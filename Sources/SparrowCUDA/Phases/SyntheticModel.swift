internal import CSparrowCUDA
package import SparrowCore

/// Random weights of a shape on a device, and the steps that can be taken with them.
package final class SyntheticModel {
  let shape: SyntheticShape
  let sparsity: SyntheticSparsity?
  /// Tokens before the one that is decoded.
  let context: Int
  let layout: SyntheticLayout
  let library: KernelLibrary

  /// Each layer's weights, then what belongs to no layer.
  private(set) var layers: [DeviceBuffer] = []
  let ends: DeviceBuffer
  let cache: DeviceBuffer
  let state: DeviceBuffer
  private let stateLayout: StepState
  private let denseKernel: StepKernel
  private let sparseKernel: StepKernel?
  /// Steps that were queued: what each of them leaves is dated.
  private var turns: UInt32 = 0
  private var denseStep = scu_step()
  private var sparseStep = scu_step()

  /// Throws `.system` with both sizes where the device has too little memory.
  package init(
    _ shape: SyntheticShape, _ sparsity: SyntheticSparsity?, context: Int,
    _ library: KernelLibrary
  ) throws(SparrowError) {
    self.shape = shape
    self.sparsity = sparsity
    self.context = context
    self.library = library
    let device = library.context
    layout = SyntheticLayout(shape, sparsity, context: context)
    let wanted =
      shape.layers * layout.layerBytes + layout.endBytes + layout.pageBytes * layout.pageCount
    let free = try device.freeMemory()
    guard wanted + (256 << 20) <= free else {
      throw SparrowError(
        .system, file: "cuda:\(device.device.ordinal)", field: "memory",
        found: "\(Quantity.bytes(wanted)) of weights and cache",
        expected: "at most \(Quantity.bytes(free)), which are free")
    }
    let splits = StepKernel.splits(shape, context: context, device.device)
    denseKernel = try StepKernel(shape, nil, splits: splits, library)
    sparseKernel = try sparsity.map { sparsity throws(SparrowError) in
      try StepKernel(shape, sparsity, splits: splits, library)
    }
    stateLayout = StepState(
      shape, sparsity, splits: splits, blocks: device.device.multiprocessors,
      pageCount: layout.pageCount)
    ends = try DeviceBuffer(layout.endBytes, in: device)
    cache = try DeviceBuffer(layout.pageBytes * layout.pageCount, in: device)
    state = try DeviceBuffer(stateLayout.byteCount, in: device)
    for _ in 0..<shape.layers {
      layers.append(try DeviceBuffer(layout.layerBytes, in: device))
    }
    let fill = try RandomFill(library)
    for (index, layer) in layers.enumerated() {
      try fill.run(layout.layerParts, in: layer, seed: index)
    }
    try fill.run(layout.endParts, in: ends, seed: 1000)
    try fill.run(layout.cacheParts, in: cache, seed: 2000)
    try state.clear()
    try stateLayout.write(
      to: state, token: min(5, shape.vocabulary - 1), position: context,
      pages: (0..<layout.pageCount).map { cache.address + UInt64($0 * layout.pageBytes) },
      sparsity, shape)
    try device.synchronize()
    denseStep = argument(isSparse: false)
    sparseStep = argument(isSparse: true)
  }

  /// Queues a dense or a sparse step of the same token, over and over.
  package func step(isSparse: Bool) throws(SparrowError) {
    try launch(isSparse ? sparseStep : denseStep, isSparse ? sparseKernel! : denseKernel)
  }

  private func launch(_ step: scu_step, _ kernel: StepKernel) throws(SparrowError) {
    turns += 1
    var step = step
    step.turn = turns
    try kernel.launch(step)
  }

  /// Nanoseconds of a sparse step's networks, each from when all multiprocessors have ended the
  /// phase before to when all have ended it; waits for the step.
  func networkTimes() throws(SparrowError) -> [Double] {
    var step = sparseStep
    stateLayout.askTimes(of: &step, at: state.address)
    try launch(step, sparseKernel!)
    let network = Int(SCU_NETWORK.rawValue)
    let phases = Self.phases(shape, sparsity)
    let times = try stateLayout.times(in: state, count: phases.count)
    return phases.indices.filter { Int(phases[$0]) % (1 << Int(SCU_LAYER_SHIFT)) == network }.map {
      Double(times[$0 + 1] &- times[$0])
    }
  }

  /// Queues a sparse step's networks alone, each reading the sums of the one before.
  func networks() throws(SparrowError) {
    var step = sparseStep
    step.middle = step.stream
    step.head_masks = 0
    let kinds = [SCU_NETWORK, SCU_REDUCE]
    Self.set(
      [UInt16(SCU_EMBED.rawValue)]
        + (0..<shape.layers).flatMap { layer in
          kinds.map { UInt16($0.rawValue) | UInt16(layer << SCU_LAYER_SHIFT) }
        }, of: &step)
    try launch(step, sparseKernel!)
  }

  private func argument(isSparse: Bool) -> scu_step {
    var step = scu_step()
    withUnsafeMutableBytes(of: &step.layers) { bytes in
      let addresses = bytes.bindMemory(to: UInt64.self)
      for (index, layer) in layers.enumerated() { addresses[index] = layer.address }
    }
    step.layer = layout.offsets
    layout.setEnds(of: &step, at: ends.address)
    stateLayout.setAddresses(of: &step, at: state.address)
    step.neurons = Int32(shape.neurons)
    step.group = 1
    step.vocabulary_rows = Int32(shape.vocabulary)
    step.is_rms = shape.style == .llama ? 1 : 0
    step.epsilon = 1e-5
    step.lag = Int32(denseKernel.lag)
    if isSparse, let sparsity {
      step.group = Int32(sparsity.group)
      step.predictor_rows = Int32(sparsity.predictorRows(of: shape))
      step.planted_neurons = Float(sparsity.density)
      step.planted_heads = Float(sparsity.headDensity ?? 0)
      withUnsafeMutableBytes(of: &step.sparse) { bytes in
        let words = bytes.bindMemory(to: UInt64.self)
        for layer in 0..<shape.layers where sparsity.isSparse(layer: layer) {
          words[layer / 64] |= 1 << (layer % 64)
        }
      }
    }
    if !isSparse || sparsity?.headDensity == nil { step.head_masks = 0 }
    Self.set(Self.phases(shape, isSparse ? sparsity : nil), of: &step)
    return step
  }

  private static func set(_ phases: [UInt16], of step: inout scu_step) {
    step.phase_count = Int32(phases.count)
    withUnsafeMutableBytes(of: &step.phases) { bytes in
      let words = bytes.bindMemory(to: UInt16.self)
      for (index, phase) in phases.enumerated() { words[index] = phase }
    }
  }

  /// The phases of a step, each with its layer.
  static func phases(_ shape: SyntheticShape, _ sparsity: SyntheticSparsity?) -> [UInt16] {
    let inner = (0..<shape.layers).flatMap { layer in
      let isSketched = sparsity?.predictor == .sketch && sparsity!.isSparse(layer: layer)
      let network = isSketched ? SCU_SKETCHED : SCU_NETWORK
      let kinds = [SCU_PROJECT, SCU_ATTEND, SCU_OUTPUT, network, SCU_REDUCE]
      return kinds.map { UInt16($0.rawValue) | UInt16(layer << SCU_LAYER_SHIFT) }
    }
    let head = sparsity?.hasSparseHead == true ? [SCU_HEAD_ROWS, SCU_TOKENS] : [SCU_LOGITS]
    return [UInt16(SCU_EMBED.rawValue)] + inner + head.map { UInt16($0.rawValue) }
  }

  /// What one step leaves, `[vocabulary]`; NaN where it computes none.
  func logits(isSparse: Bool) throws(SparrowError) -> [Float] {
    try stateLayout.forgetLogits(in: state, count: shape.vocabulary)
    try step(isSparse: isSparse)
    return try stateLayout.logits(in: state, count: shape.vocabulary)
  }

  /// Logits that a step computes.
  func logitCount(isSparse: Bool) -> Int {
    isSparse && sparsity!.hasSparseHead
      ? 8 * library.context.device.multiprocessors : shape.vocabulary
  }

  /// What the last sparse step touched.
  func selections() throws(SparrowError) -> [LayerSelection] {
    try stateLayout.selections(in: state, shape, sparsity)
  }

  /// Bytes of weights and cache that a step has to read.
  package func byteCount(isSparse: Bool) throws(SparrowError) -> Int {
    let selections =
      isSparse
      ? try selections()
      : (0..<shape.layers).map { _ in LayerSelection(shape) }
    let cacheRow = 4 * context * shape.headDimension
    var total = layout.headBytes(
      isSparse ? sparsity : nil, computed: logitCount(isSparse: isSparse))
    for (layer, selection) in selections.enumerated() {
      let groups = selection.headGroups.count
      let rows = groups * shape.headRows + selection.neuronCount * (shape.isGated ? 3 : 2)
      let output = shape.heads / shape.keyHeads * shape.width
      total += shape.rowBytes * rows + groups * cacheRow
      total += groups * output * shape.format.rowBytes(shape.headDimension)
      if isSparse, let sparsity, sparsity.isSparse(layer: layer) {
        total += layout.predictorBytes(sparsity)
      }
    }
    return total
  }
}
