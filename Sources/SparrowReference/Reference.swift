package import SparrowCore
package import SparrowSparsity
package import SparrowTransformer

/// The engine to read, and the oracle of every backend's tests.
///
/// `step` takes one token through a program, operation by operation, in plain loops over float32:
/// nothing is packed, nothing quantised, nothing parallel. The functions below stand in the order
/// in which a token meets them. A prompt is its tokens one after another, dense.
package final class Reference {
  package let model: ModelConfiguration
  package let plan: SparsePlan
  let weights: [WeightRole: [Float]]
  /// How activations that a sketch estimates are read: as they are, or as a backend rounds them.
  package var rounding: ([Float]) -> [Float] = { $0 }
  private let dense: StepProgram
  private let sparse: StepProgram

  /// `values` gives a role's weights as float32: a matrix row-major, nothing for a bias that the
  /// model lacks.
  package init(
    _ binding: WeightBinding, plan: SparsePlan = .dense,
    values: (WeightRole) throws(SparrowError) -> [Float]
  ) throws(SparrowError) {
    model = binding.configuration
    self.plan = plan
    var weights: [WeightRole: [Float]] = [:]
    for role in binding.roles { weights[role] = try values(role) }
    self.weights = weights
    dense = StepProgram(model)
    sparse = plan.rewrite(dense)
  }

  /// The weights of a checkpoint, whatever their format.
  package convenience init(
    _ binding: WeightBinding, plan: SparsePlan = .dense
  ) throws(SparrowError) {
    try self.init(binding, plan: plan) { role throws(SparrowError) in try binding.floats(role) }
  }

  /// What attention remembers of one sequence.
  package final class Sequence {
    package fileprivate(set) var tokens: [Int32] = []
    /// Whether it turns by the frequencies of long sequences (LongRoPE).
    fileprivate var turnsLong = false
    /// By layer, `[positions][keyValueHeads * headDimension]`.
    fileprivate(set) var keys: [Int: [[Float]]] = [:]
    fileprivate(set) var values: [Int: [[Float]]] = [:]

    package init() {}

    /// Forgets the positions from `count` on.
    package func truncate(to count: Int) {
      tokens = Array(tokens.prefix(count))
      keys = keys.mapValues { Array($0.prefix(count)) }
      values = values.mapValues { Array($0.prefix(count)) }
    }
  }

  /// What a step touches, by layer, ascending.
  package struct Selections {
    package var neurons: [Int: [Int32]] = [:]
    package var headGroups: [Int: [Int32]] = [:]
    /// Elements of inputs that matrices read.
    package var inputs: [InputSource: [Int32]] = [:]

    package init() {}
  }

  /// One token's way: named buffers, each `[width]`, and what was selected.
  package struct Step {
    let token: Int
    let position: Int
    /// `hidden`: the residual stream. `input`: a norm's result. `query`: `[heads * headDimension]`,
    /// `key` and `value`: `[keyValueHeads * headDimension]`. `gates`, `neurons`: `[width]`.
    /// `final`: the head's input.
    package internal(set) var buffers: [Operation.Buffer: [Float]] = [:]
    /// By layer, of neurons or their groups, and of head groups.
    package internal(set) var scores: [Int: [Float]] = [:]
    package internal(set) var headGroupScores: [Int: [Float]] = [:]
    /// What was given is not chosen anew.
    package internal(set) var selected = Selections()
    /// By layer: activations that a sketch estimates, `[width]`.
    var estimates: [Int: [Float]] = [:]
    /// Scores of the vocabulary by the head's sketch, its candidates, and the logits: of all rows,
    /// or of candidates.
    var sketch: [Float] = []
    package internal(set) var candidates: [Int32]?
    package internal(set) var logits: [Float] = []
  }

  /// Runs the next token of a sequence, by the plan or densely.
  ///
  /// `selected` stands in place of the plan's own selections where it has some, as where another
  /// backend's, whose scores are rounded, are to be followed.
  package func step(
    _ token: Int32, of sequence: Sequence, isDense: Bool = false,
    following selected: Selections = Selections()
  ) -> Step {
    turn(sequence)
    return run(isDense ? dense : sparse, token, sequence, selected)
  }

  /// Runs a sequence anew, densely, where its next token gives it a length that turns by other
  /// frequencies.
  private func turn(_ sequence: Sequence) {
    guard let beyond = model.longRotaryBeyond,
      case let isLong = sequence.tokens.count >= beyond, isLong != sequence.turnsLong
    else { return }
    let tokens = sequence.tokens
    sequence.truncate(to: 0)
    sequence.turnsLong = isLong
    for token in tokens { _ = run(dense, token, sequence, Selections()) }
  }

  private func run(
    _ program: StepProgram, _ token: Int32, _ sequence: Sequence, _ selected: Selections
  ) -> Step {
    var step = Step(token: Int(token), position: sequence.tokens.count)
    step.selected = selected
    for operation in program.operations { run(operation, &step, sequence) }
    sequence.tokens.append(token)
    return step
  }

  /// Runs a whole text through an encoder, each operation for all of its tokens: the hidden states,
  /// `[tokens][hidden]`.
  package func encode(_ tokens: [Int32]) -> [[Float]] {
    let sequence = Sequence()
    var steps = tokens.enumerated().map { Step(token: Int($1), position: $0) }
    for operation in dense.operations {
      for index in steps.indices { run(operation, &steps[index], sequence) }
    }
    return steps.map { $0[.hidden] }
  }

  private func run(_ operation: Operation, _ step: inout Step, _ sequence: Sequence) {
    let layer = operation.layer ?? 0
    func role(_ kind: WeightRole.Kind) -> WeightRole { WeightRole(kind, layer: operation.layer) }
    switch operation.kind {
    case .embed(let output, let positions):
      step.buffers[output] = row(step.token, of: WeightRole(.tokenEmbedding)).map {
        $0 * model.embeddingScale
      }
      if positions { addPositions(&step, output) }
    case .addPositions(let output): addPositions(&step, output)
    case .addTokenType(let output):
      step.land(Array(row(0, of: WeightRole(.tokenTypeEmbedding))), in: output, .add)
    case .norm(let norm, let weight, let input, let output):
      step.buffers[output] = self.norm(
        step[input], norm, weights[role(weight)], weight.bias.flatMap { weights[role($0)] })
    case .multiply(let kind, let input, let output, let landing):
      step.land(multiply(role(kind), step[input]), in: output, landing)
    case .add(let input, let output): step.land(step[input], in: output, .add)
    case .scale(let kind, let output):
      let factor = weights[role(kind)]?[0] ?? 1
      step.buffers[output] = step[output].map { $0 * factor }

    // Attention.
    case .project(let attention, let input): project(&step, attention, input, layer)
    case .normHeads(let attention): normHeads(&step, attention, layer)
    case .rotate(let attention): rotate(&step, attention, isLong: sequence.turnsLong)
    case .append: append(step, sequence, layer)
    case .attend(let attention): attend(&step, sequence, attention, layer, groups: nil)
    case .gateHeads:
      step.buffers[.attended] = zip(step[.attended], step[.headGates]).map {
        $0 / (1 + exponential(-$1))
      }

    // Sparse attention: keys and values are made of every head, whatever is skipped.
    case .predictHeads(let attention, let input): predictHeads(&step, attention, input, layer)
    case .selectHeads: selectHeads(&step, layer)
    case .keepInput: break
    case .projectHeads(let attention, let input): project(&step, attention, input, layer)
    case .appendHeads: append(step, sequence, layer)
    case .attendHeads(let attention):
      attend(&step, sequence, attention, layer, groups: step.selected.headGroups[layer] ?? [])
    case .sparseOutput(let output, let landing):
      let attention = model.layers[layer].attention
      let attended = masked(
        step[.attended], attention, groups: step.selected.headGroups[layer] ?? [])
      step.land(multiply(role(.output), attended), in: output, landing)

    // The feed-forward network.
    case .feedForward(let network, let input, let output, let landing):
      let neurons = activations(network, layer, step[input])
      step.land(multiply(role(.down), neurons), in: output, landing)
    case .predict(let network, let input): predict(&step, network, input, layer)
    case .select(let network): select(&step, network, layer)
    case .sparseFeedForward(let network, let input, let output, let landing):
      let neurons = sparseActivations(&step, network, layer, step[input])
      step.land(down(neurons, step, layer), in: output, landing)

    // Matrices that read large inputs only.
    case .multiplyLarge(let name, let input, let outputs, let landing):
      let large = self.large(&step, InputSource(layer: layer, input: name), step[input])
      let kinds = name.matrices.filter { weights[role($0)] != nil }
      for (kind, output) in zip(kinds, outputs) {
        step.land(multiply(role(kind), large), in: output, landing)
      }
    case .activate(let network):
      let neurons = step[.neurons]
      step.buffers[.neurons] =
        network.gated
        ? zip(step[.gates], neurons).map { network.activation.value($0) * $1 }
        : neurons.map(network.activation.value)

    // The vocabulary head.
    case .head(let input): step.logits = logits(step[input])
    case .sketch(let input): step.sketch = plan.head?.sketch.scores(step[input]) ?? []
    case .candidates: step.candidates = candidates(step.sketch)
    case .exact(let input): exact(&step, input)
    }
  }

  // MARK: - Matrices

  func row(_ index: Int, of role: WeightRole) -> ArraySlice<Float> {
    let width = role.kind == .tokenEmbedding ? model.embeddingWidth : model.hidden
    return weights[role]![index * width..<(index + 1) * width]
  }

  /// W x + b, `[rows]`.
  func multiply(_ role: WeightRole, _ x: [Float]) -> [Float] {
    let bias = role.kind.bias.flatMap { weights[WeightRole($0, layer: role.layer)] }
    return product(weights[role]!, x, bias)
  }

  private func addPositions(_ step: inout Step, _ output: Operation.Buffer) {
    let place = step.position + (model.learnedPositionOffset ?? 0)
    let positions = row(place, of: WeightRole(.positionEmbedding))
    step.buffers[output] = zip(step[output], positions).map { $0 + $1 }
  }

  private func norm(
    _ x: [Float], _ norm: NormDescription, _ weight: [Float]?, _ bias: [Float]?
  ) -> [Float] {
    let count = Float(x.count)
    let mean = norm.kind == .rms ? 0 : x.reduce(0, +) / count
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let inverse = 1 / (variance + norm.epsilon).squareRoot()
    return x.indices.map { index in
      let normed = (x[index] - mean) * inverse
      let scaled = weight.map { normed * ($0[index] + norm.weightOffset) } ?? normed
      return bias.map { scaled + $0[index] } ?? scaled
    }
  }

  // MARK: - Attention

  private func project(
    _ step: inout Step, _ attention: AttentionDescription, _ input: Operation.Buffer, _ layer: Int
  ) {
    let x = step[input]
    step.buffers[.query] = multiply(WeightRole(.query, layer: layer), x)
    step.buffers[.key] = multiply(WeightRole(.key, layer: layer), x)
    step.buffers[.value] = multiply(WeightRole(.value, layer: layer), x)
    if attention.isGated {
      step.buffers[.headGates] = multiply(WeightRole(.queryGate, layer: layer), x)
    }
  }

  private func normHeads(_ step: inout Step, _ attention: AttentionDescription, _ layer: Int) {
    func normHeads(_ buffer: Operation.Buffer, _ norm: NormDescription?, _ kind: WeightRole.Kind?) {
      guard let norm else { return }
      let weight = kind.flatMap { weights[WeightRole($0, layer: layer)] }
      let width = attention.headDimension
      let heads = step[buffer].chunks(of: width).enumerated()
      step.buffers[buffer] = heads.flatMap { head, values in
        let own = attention.headNormSpan == .ownHead ? head * width : 0
        return self.norm(Array(values), norm, weight.map { Array($0[own..<own + width]) }, nil)
      }
    }
    if attention.headNormSpan != .allHeads {
      normHeads(.query, attention.headNorm, .queryNorm)
      normHeads(.key, attention.headNorm, .keyNorm)
    }
    normHeads(.value, attention.valueNorm, nil)
  }

  /// Turns pairs of each query and key head by the position times the pair's frequency.
  private func rotate(_ step: inout Step, _ attention: AttentionDescription, isLong: Bool) {
    guard let rotary = attention.rotary else { return }
    let frequencies = rotary.frequencies(isLong: isLong)
    let half = rotary.dimension / 2
    for buffer in [Operation.Buffer.query, .key] {
      step.buffers[buffer] = step[buffer].chunks(of: attention.headDimension).flatMap { head in
        var head = Array(head)
        for pair in 0..<half {
          let (i, j) = rotary.interleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + half)
          let (cosine, sine) = rotary.turn(frequencies[pair], at: step.position)
          (head[i], head[j]) = (
            head[i] * cosine - head[j] * sine, head[j] * cosine + head[i] * sine
          )
        }
        return head
      }
    }
  }

  private func append(_ step: Step, _ sequence: Sequence, _ layer: Int) {
    sequence.keys[layer, default: []].append(step[.key])
    sequence.values[layer, default: []].append(step[.value])
  }

  /// Each query head over the positions that it sees; heads outside of `groups` give zeros.
  private func attend(
    _ step: inout Step, _ sequence: Sequence, _ attention: AttentionDescription, _ layer: Int,
    groups: [Int32]?
  ) {
    let width = attention.headDimension
    let group = attention.groupHeads
    let first = attention.window > 0 ? max(0, step.position + 1 - attention.window) : 0
    let last = attention.isBidirectional ? sequence.keys[layer]!.count - 1 : step.position
    var result = [Float](repeating: 0, count: attention.heads * width)
    for head in 0..<attention.heads {
      if let groups, !groups.contains(Int32(head / group)) { continue }
      let query = step[.query][head * width..<(head + 1) * width]
      let own = head / group * width..<(head / group + 1) * width
      let scores = (first...last).map { position in
        let score = zip(query, sequence.keys[layer]![position][own]).reduce(0) { $0 + $1.0 * $1.1 }
        return capped(score * attention.scale, at: attention.softcap)
      }
      for (weight, position) in zip(softmax(scores), first...last) {
        for (index, value) in sequence.values[layer]![position][own].enumerated() {
          result[head * width + index] += weight * value
        }
      }
    }
    step.buffers[.attended] = result
  }

  func masked(
    _ attended: [Float], _ attention: AttentionDescription, groups: [Int32]
  ) -> [Float] {
    let width = attention.groupWidth
    return attended.indices.map { groups.contains(Int32($0 / width)) ? attended[$0] : 0 }
  }

  // MARK: - The dense network and head

  /// activation(gate x) * (up x), or activation(up x), `[width]`.
  func activations(_ network: FeedForwardDescription, _ layer: Int, _ x: [Float]) -> [Float] {
    let up = multiply(WeightRole(.up, layer: layer), x)
    guard network.gated else { return up.map(network.activation.value) }
    let gate = multiply(WeightRole(.gate, layer: layer), x)
    return zip(gate, up).map { network.activation.value($0) * $1 }
  }

  func logits(_ x: [Float]) -> [Float] {
    product(weights[model.headRole]!, x, nil).map(finished)
  }

  /// A logit scaled and capped.
  func finished(_ product: Float) -> Float {
    capped(product * model.logitScale, at: model.logitSoftcap)
  }
}

extension Reference.Step {
  subscript(buffer: Operation.Buffer) -> [Float] { buffers[buffer] ?? [] }

  mutating func land(
    _ result: [Float], in output: Operation.Buffer, _ landing: Operation.Landing
  ) {
    buffers[output] = landing == .add ? zip(self[output], result).map { $0 + $1 } : result
  }
}
