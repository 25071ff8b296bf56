import SparrowCore

/// A family that follows Llama but for a few facts.
struct LlamaLike: Sendable {
  /// The family's own name for itself where its `model_type` is another.
  var architecture: String?
  var norm = NormDescription.Kind.rms
  /// The field of the norms' epsilon.
  var epsilon = "rms_norm_eps"
  var weightOffset: Float = 0
  var placement = LayerDescription.NormPlacement.before
  /// What norms on queries and keys are made over; nil for none.
  var headNorm: AttentionDescription.HeadNormSpan?
  /// The flag without which there are no such norms all the same.
  var headNormFlag: String?
  /// Attention's results have gates.
  var hasGates = false
  /// Elements that turn together are neighbours.
  var interleaved = false
  /// The part of a head that turns where a file says nothing; nil where whole heads turn.
  var part: Double?
  /// The network has a gate.
  var isGated = true
  /// The field of the network's width.
  var width = "intermediate_size"

  func configuration(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head =
      f.family!.reads.contains("head_dim")
      ? try f.headDimension(hidden: hidden, heads: heads)
      : try f.quotient(hidden, heads, "num_attention_heads")
    let context = try f.count("max_position_embeddings")
    let norm = NormDescription(
      kind: norm, epsilon: Float(try f.number(epsilon)), weightOffset: weightOffset)
    let hasHeadNorm = try headNormFlag.map { n throws(SparrowError) in try f.flag(n) } ?? true
    let part = try part.map { p throws(SparrowError) in
      try f.number("partial_rotary_factor", p)
    }
    let layer = LayerDescription(
      norm: norm, placement: placement,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: try f.keyValueHeads(heads: heads), headDimension: head,
        scale: inverseRoot(Double(head)), headNorm: headNorm != nil && hasHeadNorm ? norm : nil,
        headNormSpan: headNorm ?? .head, isGated: hasGates,
        rotary: try f.rotary(
          head: head, contextLength: context, part: part, interleaved: interleaved)),
      feedForward: FeedForwardDescription(
        width: try f.count(width), activation: try f.activation("hidden_act"), gated: isGated))
    var layers = try f.repeating(layer, "num_hidden_layers")
    try f.setWindows(of: &layers)
    return ModelConfiguration(
      architecture: architecture ?? f.type, hidden: hidden,
      vocabulary: try f.count("vocab_size"), embeddingWidth: hidden, contextLength: context,
      layers: layers, finalNorm: norm, tiedHead: try f.flag("tie_word_embeddings"))
  }
}

extension ModelConfiguration {
  /// SmolLM3: some layers know no positions.
  static func smolLM3(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    var model = try LlamaLike().configuration(f)
    for (index, turns) in try f.turningLayers(model.layers.count).enumerated() where !turns {
      model.layers[index].attention.rotary = nil
    }
    return model
  }

  /// Command-R 7B: layers that attend to all know no positions.
  static func cohere2(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    var model = try cohere(f)
    for index in model.layers.indices where model.layers[index].attention.window == 0 {
      model.layers[index].attention.rotary = nil
    }
    return model
  }

  /// Command-R.
  static func cohere(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let isFirst = f.type == "cohere"
    var model = try LlamaLike(
      architecture: isFirst ? "command-r" : "cohere2", norm: .layer, epsilon: "layer_norm_eps",
      placement: .shared, headNorm: isFirst ? .ownHead : nil,
      headNormFlag: isFirst ? "use_qk_norm" : nil, interleaved: true
    ).configuration(f)
    model.logitScale = Float(try f.positive("logit_scale"))
    return model
  }

  /// Granite 3, and Granite 4 where its layers are dense.
  static func granite(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let isHybrid = f.type == "granitemoehybrid"
    if isHybrid, let experts = try f.optionalInteger("num_local_experts"), experts != 0 {
      throw f.unsupported(
        "num_local_experts", found: "\(experts): a mixture of experts", expected: "0")
    }
    var model = try LlamaLike(
      architecture: isHybrid ? "granitehybrid" : nil,
      width: isHybrid ? "shared_intermediate_size" : "intermediate_size"
    ).configuration(f)
    if isHybrid, try f.string("position_embedding_type", "nope") != "rope" {
      for index in model.layers.indices { model.layers[index].attention.rotary = nil }
    }
    for index in model.layers.indices {
      model.layers[index].attention.scale = Float(try f.number("attention_multiplier"))
    }
    model.embeddingScale = Float(try f.number("embedding_multiplier"))
    model.logitScale = Float(1 / (try f.positive("logits_scaling")))
    model.measure(in: try f.positive("residual_multiplier"))
    return model
  }

  /// Measures the residual stream in units of `factor`, by which a model multiplies what layers add
  /// to it: what they add is then theirs as it is, the embedding is that much larger, and norms see
  /// the same but for epsilon.
  mutating func measure(in factor: Double) {
    func scaled(_ norm: NormDescription) -> NormDescription {
      var norm = norm
      norm.epsilon = Float(Double(norm.epsilon) / (factor * factor))
      return norm
    }
    embeddingScale = Float(Double(embeddingScale) / factor)
    for index in layers.indices { layers[index].norm = scaled(layers[index].norm) }
    finalNorm = finalNorm.map(scaled)
  }
}
