import CSparrowCUDA
import SparrowTransformer

/// Where vectors lie among the words that blocks hand to each other.
struct LeanWords {
  let query = 0
  let attended, parts, attention, neurons, network, count: Int

  init(_ model: ModelConfiguration) {
    let heads = model.layers[0].attention
    attended = (heads.heads + 2 * heads.keyValueHeads) * heads.headDimension
    parts = attended + heads.heads * heads.headDimension
    attention = parts + heads.heads * Int(SCU_LEAN_PARTS) * (heads.headDimension + 2)
    neurons = attention + model.hidden
    network = neurons + (model.layers.map(\.feedForward.width).max() ?? 0)
    count = network + model.hidden
  }
}

/// What a lean step does for a model, phase by phase: each takes what the one before has made.
struct LeanPhases {
  private(set) var list: [scu_lean_phase] = []
  private let operands: Operands
  private let shape: LeanShape
  private let words: LeanWords

  init(_ operands: Operands, _ shape: LeanShape, _ words: LeanWords) {
    self.operands = operands
    self.shape = shape
    self.words = words
    var last: Int?
    for (index, layer) in operands.model.layers.enumerated() {
      add(layer, index, behind: last)
      last = index
    }
    var result = scu_lean_phase()
    result.kind = Int32(SCU_LEAN_RESULT.rawValue)
    result.makes = Int32(SCU_LEAN_STREAM.rawValue)
    takeNetwork(of: last, &result)
    if let norm = operands.model.finalNorm { make(norm, .finalNorm, nil, &result) }
    list.append(result)
  }

  private mutating func add(_ layer: LayerDescription, _ index: Int, behind last: Int?) {
    let isGated = layer.feedForward.gated
    var project = products([.query, .key, .value], index, into: words.query)
    make(layer.norm, .attentionNorm, index, &project)
    takeNetwork(of: last, &project)
    var heads = heads(layer.attention, index)
    heads.first_block = project.tiles % Int32(shape.grid)
    list += [project, heads]

    var output = products([.output], index, into: words.attention)
    output.makes = Int32(SCU_LEAN_ATTENDED.rawValue)
    output.first_block = Int32(shape.streamBlock)
    list.append(output)

    var network = products(isGated ? [.gate, .up] : [.up], index, into: words.neurons)
    network.makes_neurons = 1
    if isGated { pair(&network) }
    make(layer.norm, .feedForwardNorm, index, &network)
    take(words.attention, layer, .postAttentionNorm, index, &network)
    list.append(network)

    var down = products([.down], index, into: words.network)
    down.makes = Int32(SCU_LEAN_TAKEN.rawValue)
    down.first_block = Int32(shape.streamBlock)
    down.taken = Int32(words.neurons)
    list.append(down)
  }

  /// Products of matrices with one input, one after the other from `words` on.
  private func products(
    _ kinds: [WeightRole.Kind], _ layer: Int, into words: Int
  ) -> scu_lean_phase {
    var phase = scu_lean_phase()
    phase.kind = Int32(SCU_LEAN_PRODUCTS.rawValue)
    phase.count = Int32(kinds.count)
    var output = words
    for (index, kind) in kinds.enumerated() {
      let matrix = operands.matrix(kind, layer).argument
      (phase.columns, phase.stride) = (matrix.columns, matrix.stride)
      withUnsafeMutableBytes(of: &phase.of.matrices) {
        $0.bindMemory(to: scu_lean_matrix.self)[index] = scu_lean_matrix(
          weights: matrix.weights, bias: operands.bias(kind, layer), rows: matrix.rows,
          first_tile: phase.tiles, output: Int32(output), pad: 0)
      }
      phase.tiles += (matrix.rows + 15) / 16
      output += Int(matrix.rows)
    }
    return phase
  }

  /// Tiles of gates and of neurons go together, and give the same neurons.
  private func pair(_ phase: inout scu_lean_phase) {
    phase.tiles /= 2
    withUnsafeMutableBytes(of: &phase.of.matrices) {
      let matrices = $0.bindMemory(to: scu_lean_matrix.self)
      matrices[1].first_tile = 0
      matrices[1].output = matrices[0].output
    }
  }

  private func heads(_ attention: AttentionDescription, _ layer: Int) -> scu_lean_phase {
    let heads = operands.heads(attention, layer)
    var phase = scu_lean_phase()
    phase.kind = Int32(SCU_LEAN_HEADS.rawValue)
    phase.taken = Int32(words.query)
    phase.of.heads = scu_lean_heads(
      query_norm: heads.query_norm, key_norm: heads.key_norm, turns: heads.turns,
      plane: heads.plane, window: Int32(attention.window), rotary: heads.rotary,
      interleaved: heads.interleaved, pad: 0)
    return phase
  }

  // MARK: - Inputs

  /// The residual stream's norm as what the phase makes.
  private func make(
    _ norm: NormDescription, _ kind: WeightRole.Kind, _ layer: Int?, _ phase: inout scu_lean_phase
  ) {
    phase.makes = Int32(SCU_LEAN_NORM.rawValue)
    (phase.epsilon, phase.offset) = (norm.epsilon, norm.weightOffset)
    setNorm(kind, layer, at: 0, &phase)
  }

  /// What the phase before has made, onto the residual stream; its norm where the layer has one.
  private func take(
    _ words: Int, _ layer: LayerDescription, _ norm: WeightRole.Kind, _ index: Int,
    _ phase: inout scu_lean_phase
  ) {
    phase.taken = Int32(words)
    phase.adds = Int32((layer.placement == .around ? SCU_LEAN_ADD_NORM : SCU_LEAN_ADD).rawValue)
    if layer.placement == .around { setNorm(norm, index, at: 2, &phase) }
  }

  private func takeNetwork(of layer: Int?, _ phase: inout scu_lean_phase) {
    guard let layer else { return }
    take(words.network, operands.model.layers[layer], .postFeedForwardNorm, layer, &phase)
  }

  private func setNorm(
    _ kind: WeightRole.Kind, _ layer: Int?, at first: Int, _ phase: inout scu_lean_phase
  ) {
    withUnsafeMutableBytes(of: &phase.norms) {
      let norms = $0.bindMemory(to: UInt64.self)
      norms[first] = operands.vector(kind, layer)
      norms[first + 1] = operands.bias(kind, layer)
    }
  }
}
