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
    denseKernel = try StepKernel(shape, nil, library)
    sparseKernel = try sparsity.map { sparsity throws(SparrowError) in
      try StepKernel(shape, sparsity, library)
    }
    let wanted =
      shape.layers * layout.layerBytes + layout.endBytes + layout.pageBytes * layout.pageCount
    let free = try device.freeMemory()
    guard wanted + (256 << 20) <= free else {
      throw SparrowError(
        .system, file: "cuda:\(device.device.ordinal)", field: "memory",
        found: "\(Quantity.bytes(wanted)) of weights and cache",
        expected: "at most \(Quantity.bytes(free)), which are free")
    }
    stateLayout = StepState(
      shape, sparsity, splits: StepKernel.splits(shape, device.device),
      blocks: device.device.multiprocessors, pageCount: layout.pageCount)
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
  }

  /// Queues a dense or a sparse step of the same token, over and over.
  package func step(isSparse: Bool) throws(SparrowError) {
    try (isSparse ? sparseKernel! : denseKernel).launch(argument(isSparse: isSparse))
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
    step.lag = 3
    if isSparse, let sparsity {
      step.group = Int32(sparsity.group)
      step.predictor_rows = Int32(sparsity.predictorRows(of: shape))
      step.planted_neurons = Float(sparsity.density)
      step.planted_heads = Float(sparsity.headDensity ?? 0)
      step.sparse = (.max, .max)
      if sparsity.headDensity == nil { step.head_masks = 0 }
    } else {
      step.head_masks = 0
    }
    let phases = Self.phases(layers: shape.layers)
    step.phase_count = Int32(phases.count)
    withUnsafeMutableBytes(of: &step.phases) { bytes in
      let words = bytes.bindMemory(to: UInt16.self)
      for (index, phase) in phases.enumerated() { words[index] = phase }
    }
    return step
  }

  private static func phases(layers: Int) -> [UInt16] {
    let kinds = [SCU_PROJECT, SCU_ATTEND, SCU_OUTPUT, SCU_NETWORK, SCU_REDUCE]
    let inner = (0..<layers).flatMap { layer in
      kinds.map { UInt16($0.rawValue) | UInt16(layer << SCU_LAYER_SHIFT) }
    }
    return [UInt16(SCU_EMBED.rawValue)] + inner + [UInt16(SCU_LOGITS.rawValue)]
  }

  /// What the last step left, `[vocabulary]`.
  func logits() throws(SparrowError) -> [Float] {
    try stateLayout.logits(in: state, count: shape.vocabulary)
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
    let predictor =
      isSparse ? sparsity.map { layout.predictorBytes($0) } ?? 0 : 0
    let head = 2 * shape.width * shape.vocabulary
    let cacheRow = 4 * context * shape.headDimension
    return selections.reduce(head) { total, selection in
      let groups = selection.headGroups.count
      let rows =
        groups * (shape.headRows + shape.heads / shape.keyHeads * shape.headDimension)
        + selection.neuronCount * (shape.isGated ? 3 : 2)
      return total + 2 * shape.width * rows + groups * cacheRow + predictor
    }
  }
}
