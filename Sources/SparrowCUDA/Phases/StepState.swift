internal import CSparrowCUDA
import SparrowCore

/// What one layer touched.
struct LayerSelection {
  let headGroups: [Int]
  let neurons: [Bool]

  var neuronCount: Int { neurons.reduce(0) { $0 + ($1 ? 1 : 0) } }

  /// All of it.
  init(_ shape: SyntheticShape) {
    headGroups = Array(0..<shape.keyHeads)
    neurons = [Bool](repeating: true, count: shape.neurons)
  }

  init(headGroups: [Int], neurons: [Bool]) {
    self.headGroups = headGroups
    self.neurons = neurons
  }
}

/// Where in one buffer lies what a step's phases hand on.
struct StepState {
  private(set) var byteCount = 0
  private var offsets: [WritableKeyPath<scu_step, UInt64>: Int] = [:]
  private let pages: Int
  private let times: Int
  /// Of eight bits of a mask: theirs, and the date of the phase that made them.
  private static let wordBytes = 4
  private let neuronMaskBytes: Int
  private let headMaskBytes = 64

  init(
    _ shape: SyntheticShape, _ sparsity: SyntheticSparsity?, splits: Int, blocks: Int,
    pageCount: Int
  ) {
    neuronMaskBytes = shape.maskWords(sparsity) * 4 * Self.wordBytes
    var end = 0
    func place(_ bytes: Int) -> Int {
      defer { end += (bytes + 255) / 256 * 256 }
      return end
    }
    let projected = shape.projectionRows + (sparsity?.predictorRows(of: shape) ?? 0)
    let dated: [(WritableKeyPath<scu_step, UInt64>, Int)] = [
      (\.stream, shape.width), (\.middle, shape.width), (\.projected, projected),
      (\.parts, shape.heads * splits * (shape.headDimension + 2)),
      (\.attended, shape.heads * shape.headDimension), (\.partial, blocks * shape.width),
      (\.best, 1),
    ]
    for (member, count) in dated { offsets[member] = place(8 * count) }
    let floats: [(WritableKeyPath<scu_step, UInt64>, Int)] = [
      (\.logits, shape.vocabulary), (\.arrivals, 1),
    ]
    for (member, count) in floats { offsets[member] = place(4 * count) }
    offsets[\.neuron_masks] = place(shape.layers * neuronMaskBytes)
    // A layer more: the last one predicts for the next token's first, which nobody reads.
    offsets[\.head_masks] = place((shape.layers + 1) * headMaskBytes)
    offsets[\.row] = place(MemoryLayout<scu_row>.size)
    times = place(8 * Int(SCU_PHASES))
    pages = place(8 * pageCount)
    byteCount = end
  }

  func setAddresses(of step: inout scu_step, at address: UInt64) {
    for (member, offset) in offsets { step[keyPath: member] = address + UInt64(offset) }
    step.neuron_mask_bytes = Int32(neuronMaskBytes)
    step.head_mask_bytes = Int32(headMaskBytes)
  }

  /// The row that is decoded, and the selections that no predictor makes: the first layer's heads,
  /// and all of those that are given.
  func write(
    to buffer: DeviceBuffer, token: Int, position: Int, pages addresses: [UInt64],
    _ sparsity: SyntheticSparsity?, _ shape: SyntheticShape
  ) throws(SparrowError) {
    try buffer.write(addresses, at: pages)
    let row = scu_row(
      token: Int32(token), position: Int32(position),
      pages: buffer.address + UInt64(pages), kept: 0)
    try buffer.write([row], at: offsets[\.row]!)
    guard let sparsity else { return }
    var random = SeededRandom(seed: 1)
    func masks(_ count: Int, bits: Int, bytes: Int, density: Double) -> [UInt8] {
      var masks = [UInt8](repeating: 0, count: count * bytes)
      for layer in 0..<count {
        for bit in 0..<bits where Double(random.uniform()) < density {
          masks[layer * bytes + bit / 8 * Self.wordBytes] |= 1 << (bit % 8)
        }
      }
      return masks
    }
    let heads = masks(
      shape.layers + 1, bits: shape.keyHeads, bytes: headMaskBytes,
      density: sparsity.headDensity ?? 1)
    try buffer.write(heads, at: offsets[\.head_masks]!)
    let neurons = masks(
      shape.layers, bits: shape.neurons / sparsity.group, bytes: neuronMaskBytes,
      density: sparsity.density)
    try buffer.write(neurons, at: offsets[\.neuron_masks]!)
  }

  /// Asks a step to leave when its phases begin.
  func askTimes(of step: inout scu_step, at address: UInt64) {
    step.times = address + UInt64(times)
  }

  /// When the phases of a step that was asked began, in nanoseconds.
  func times(in buffer: DeviceBuffer, count: Int) throws(SparrowError) -> [UInt64] {
    try buffer.read(count, of: 0, at: times)
  }

  func forgetLogits(in buffer: DeviceBuffer, count: Int) throws(SparrowError) {
    try buffer.write([Float](repeating: .nan, count: count), at: offsets[\.logits]!)
  }

  func logits(in buffer: DeviceBuffer, count: Int) throws(SparrowError) -> [Float] {
    try buffer.read(count, of: 0, at: offsets[\.logits]!)
  }

  func selections(
    in buffer: DeviceBuffer, _ shape: SyntheticShape, _ sparsity: SyntheticSparsity?
  ) throws(SparrowError) -> [LayerSelection] {
    guard let sparsity else { return (0..<shape.layers).map { _ in LayerSelection(shape) } }
    let neurons = try buffer.read(
      shape.layers * neuronMaskBytes, of: UInt8(0), at: offsets[\.neuron_masks]!)
    let heads = try buffer.read(
      shape.layers * headMaskBytes, of: UInt8(0), at: offsets[\.head_masks]!)
    func isSet(_ masks: [UInt8], _ start: Int, _ bit: Int) -> Bool {
      masks[start + bit / 8 * Self.wordBytes] >> (bit % 8) & 1 == 1
    }
    return (0..<shape.layers).map { layer in
      LayerSelection(
        headGroups: (0..<shape.keyHeads).filter {
          sparsity.headDensity == nil || isSet(heads, layer * headMaskBytes, $0)
        },
        neurons: (0..<shape.neurons).map {
          !sparsity.isSparse(layer: layer)
            || isSet(neurons, layer * neuronMaskBytes, $0 / sparsity.group)
        })
    }
  }
}
