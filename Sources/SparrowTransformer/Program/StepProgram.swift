/// What one step computes for its tokens: a flat list of operations in the order in which they run.
///
/// A plan rewrites it (dense feed-forward network or head into predict, select, touch); a backend lowers it.
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
    for (index, layer) in model.layers.enumerated() { append(layer, index) }
    var last = Operation.Buffer.hidden
    if let norm = model.finalNorm {
      add(.norm(norm, weight: .finalNorm, input: last, output: .final))
      last = .final
    }
    if projected {
      add(.multiply(.embeddingOut, input: last, output: .embedding, .write))
      last = .embedding
    }
    add(.head(input: last))
  }

  private mutating func add(_ kind: Operation.Kind, layer: Int? = nil) {
    operations.append(Operation(kind, layer: layer))
  }

  private mutating func append(_ layer: LayerDescription, _ index: Int) {
    let attention = layer.attention
    let input: Operation.Buffer = layer.placement == .after ? .hidden : .input
    let output: Operation.Buffer = layer.placement == .around ? .result : .hidden
    let landing: Operation.Landing = layer.placement == .around ? .write : .add
    func norm(_ weight: WeightRole.Kind, _ input: Operation.Buffer, _ output: Operation.Buffer) {
      add(.norm(layer.norm, weight: weight, input: input, output: output), layer: index)
    }

    if layer.placement != .after { norm(.attentionNorm, .hidden, .input) }
    add(.project(attention, input: input), layer: index)
    if attention.headNorm != nil { add(.normHeads(attention), layer: index) }
    if attention.rotary != nil { add(.rotate(attention), layer: index) }
    add(.append(attention), layer: index)
    add(.attend(attention), layer: index)
    add(.multiply(.output, input: .attended, output: output, landing), layer: index)
    switch layer.placement {
    case .before: norm(.feedForwardNorm, .hidden, .input)
    case .after: norm(.attentionNorm, .hidden, .hidden)
    case .around:
      norm(.postAttentionNorm, .result, .input)
      add(.add(input: .input, output: .hidden), layer: index)
      norm(.feedForwardNorm, .hidden, .input)
    }
    add(.feedForward(layer.feedForward, input: input, output: output, landing), layer: index)
    switch layer.placement {
    case .before: break
    case .after: norm(.feedForwardNorm, .hidden, .hidden)
    case .around:
      norm(.postFeedForwardNorm, .result, .input)
      add(.add(input: .input, output: .hidden), layer: index)
    }
  }
}
