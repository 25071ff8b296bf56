/// What one step computes for its tokens: a flat list of operations in the order in which they run.
///
/// A plan rewrites it (dense feed-forward network or head into predict, select, touch); a backend
/// lowers it.
public struct StepProgram: Sendable, Equatable {
  public var operations: [Operation]

  /// The dense program of a configuration.
  public init(_ model: ModelConfiguration) {
    operations = []
    let projected = model.embeddingWidth != model.hidden
    let positions = model.learnedPositionOffset != nil
    if projected {
      add(.embed(output: .embedding, positions: false))
      add(.multiply(.embeddingIn, input: .embedding, output: .hidden, .write))
      if positions { add(.addPositions(output: .hidden)) }
    } else {
      add(.embed(output: .hidden, positions: positions))
    }
    if model.tokenTypes > 0 { add(.addTokenType(output: .hidden)) }
    if let norm = model.embeddingNorm {
      add(.norm(norm, weight: .embeddingNorm, input: .hidden, output: .hidden))
    }
    for (index, layer) in model.layers.enumerated() { addLayer(layer, index) }
    var last = Operation.Buffer.hidden
    if let norm = model.finalNorm {
      add(.norm(norm, weight: .finalNorm, input: last, output: .final))
      last = .final
    }
    if projected {
      add(.multiply(.embeddingOut, input: last, output: .embedding, .write))
      last = .embedding
    }
    if !model.isEncoder { add(.head(input: last)) }
  }

  private mutating func add(_ kind: Operation.Kind, layer: Int? = nil) {
    operations.append(Operation(kind, layer: layer))
  }

  private mutating func addLayer(_ layer: LayerDescription, _ index: Int) {
    let attention = layer.attention
    let normsInput = layer.placement != .after && layer.placement != .result
    let input: Operation.Buffer = normsInput ? .input : .hidden
    let output: Operation.Buffer = layer.placement.normsResults ? .result : .hidden
    let landing: Operation.Landing = layer.placement.normsResults ? .write : .add
    func norm(_ weight: WeightRole.Kind, _ input: Operation.Buffer, _ output: Operation.Buffer) {
      add(.norm(layer.norm, weight: weight, input: input, output: output), layer: index)
    }
    func addResult(_ weight: WeightRole.Kind) {
      norm(weight, .result, .input)
      add(.add(input: .input, output: .hidden), layer: index)
    }
    func project() {
      add(.multiply(.output, input: .attended, output: output, landing), layer: index)
    }
    func feedForward() {
      add(.feedForward(layer.feedForward, input: input, output: output, landing), layer: index)
    }

    if normsInput { norm(.attentionNorm, .hidden, .input) }
    addAttention(attention, index, input)
    switch layer.placement {
    case .before:
      project()
      norm(.feedForwardNorm, .hidden, .input)
      feedForward()
    case .after:
      project()
      norm(.attentionNorm, .hidden, .hidden)
      feedForward()
      norm(.feedForwardNorm, .hidden, .hidden)
    case .around:
      project()
      addResult(.postAttentionNorm)
      norm(.feedForwardNorm, .hidden, .input)
      feedForward()
      addResult(.postFeedForwardNorm)
    case .result:
      project()
      addResult(.postAttentionNorm)
      feedForward()
      addResult(.postFeedForwardNorm)
    // The network goes first: the residual stream is still the layer's input, and heads have a
    // buffer of their own.
    case .parallel:
      norm(.feedForwardNorm, .hidden, .input)
      feedForward()
      project()
    case .shared:
      feedForward()
      project()
    }
    if layer.isScaled { add(.scale(.layerScale, output: .hidden), layer: index) }
  }

  /// Attention up to its heads' results.
  private mutating func addAttention(
    _ attention: AttentionDescription, _ index: Int, _ input: Operation.Buffer
  ) {
    add(.project(attention, input: input), layer: index)
    if let norm = attention.headNorm, attention.headNormSpan == .allHeads {
      add(.norm(norm, weight: .queryNorm, input: .query, output: .query), layer: index)
      add(.norm(norm, weight: .keyNorm, input: .key, output: .key), layer: index)
    } else if attention.headNorm != nil || attention.valueNorm != nil {
      add(.normHeads(attention), layer: index)
    }
    if attention.rotary != nil { add(.rotate(attention), layer: index) }
    add(.append(attention), layer: index)
    add(.attend(attention), layer: index)
    if attention.isGated { add(.gateHeads(attention), layer: index) }
  }
}

extension StepProgram {
  /// One layer's operations, or without a layer those before the first.
  package func only(_ layer: Int?) -> StepProgram {
    var part = self
    part.operations =
      layer == nil
      ? Array(operations.prefix { $0.layer == nil }) : operations.filter { $0.layer == layer }
    return part
  }
}
