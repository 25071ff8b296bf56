public import SparrowCore
public import SparrowFormats

extension ModelConfiguration {
  /// Reads the metadata of a GGUF checkpoint. Unknown architectures and scalings are refused by
  /// name, as are keys that change what is computed and that Sparrow does not understand.
  public init(gguf checkpoint: Checkpoint) throws(SparrowError) {
    guard let metadata = checkpoint.metadata else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, found: "no GGUF metadata", expected: "a GGUF file")
    }
    let name = try metadata.string("general.architecture")
    guard let architecture = GGUFArchitecture.named(name) else {
      let reason = GGUFArchitecture.refusal(of: name).map { ": \($0)" } ?? ""
      throw SparrowError(
        .unsupported, file: metadata.file, field: "general.architecture",
        found: "'\(name)'\(reason)",
        expected: GGUFArchitecture.all.map(\.name).joined(separator: ", "))
    }
    try architecture.check(metadata)
    let fields = GGUFFields(architecture: architecture, metadata: metadata)
    self = try GGUFConfiguration(fields: fields, checkpoint: checkpoint).model()
  }
}

/// Makes a configuration of an architecture's row and a file's keys.
struct GGUFConfiguration {
  let fields: GGUFFields
  let checkpoint: Checkpoint

  var architecture: GGUFArchitecture { fields.architecture }

  func model() throws(SparrowError) -> ModelConfiguration {
    let hidden = try fields.count("embedding_length")
    let layer = try layerDescription(hidden: hidden)
    let count = try fields.count("block_count", limit: GGUFFields.maximumLayers)
    var layers = Array(repeating: layer, count: count)
    try setWindows(&layers)
    if architecture.hasHeadsByLayer { try setHeads(&layers) }
    if let every = architecture.stillEvery {
      for index in layers.indices where (index + 1) % every == 0 {
        layers[index].attention.rotary = nil
      }
    }
    var model = ModelConfiguration(
      architecture: architecture.name, hidden: hidden, vocabulary: try vocabulary(),
      embeddingWidth: hidden,
      embeddingScale: architecture.scalesEmbedding ? Float(Double(hidden).squareRoot()) : 1,
      contextLength: try fields.count("context_length"),
      learnedPositionOffset: architecture.pairs == nil ? 0 : nil, layers: layers,
      finalNorm: layer.norm, tiedHead: checkpoint["output.weight"] == nil,
      logitSoftcap: try softcap("final_logit_softcapping", architecture.softcaps.logits))
    try multiply(&model)
    return model
  }

  /// Rows of the embedding: one for each token of the vocabulary.
  private func vocabulary() throws(SparrowError) -> Int {
    let file = fields.metadata.file
    guard let embedding = checkpoint["token_embd.weight"], embedding.shape.count == 2 else {
      throw SparrowError(
        .malformed, file: file, field: "token_embd.weight", found: "no such matrix")
    }
    let rows = embedding.shape[0]
    if case .strings(let tokens) = fields.metadata["tokenizer.ggml.tokens"] {
      guard tokens.count == rows else {
        throw SparrowError(
          .mismatch, file: file, field: "tokenizer.ggml.tokens", found: "\(tokens.count) tokens",
          expected: "\(rows), the rows of token_embd.weight")
      }
    }
    return rows
  }

  private func layerDescription(hidden: Int) throws(SparrowError) -> LayerDescription {
    let heads = try fields.count("attention.head_count")
    let keyValueHeads =
      architecture.hasHeadsByLayer ? heads : try fields.count("attention.head_count_kv", heads)
    guard heads % keyValueHeads == 0, hidden % heads == 0 || fields.has("attention.key_length")
    else {
      throw fields.error(
        "attention.head_count", found: "\(heads) heads, \(keyValueHeads) of keys, width \(hidden)",
        expected: "counts that divide each other")
    }
    let head = try fields.count("attention.key_length", hidden / heads)
    try require("attention.value_length", equals: head, or: hidden / heads)
    let norm = NormDescription(
      kind: architecture.norm,
      epsilon: Float(
        try fields.number(
          architecture.norm == .rms
            ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon")))
    return LayerDescription(
      norm: norm, placement: try placement(),
      attention: AttentionDescription(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
        scale: try scale(hidden: hidden, heads: heads, head: head),
        softcap: try softcap("attn_logit_softcapping", architecture.softcaps.scores),
        headNorm: hasHeadNorms ? norm : nil, headNormSpan: architecture.headNorms ?? .head,
        valueNorm: architecture.normsValues ? norm : nil, rotary: try rotary(head: head)),
      feedForward: FeedForwardDescription(
        width: try fields.count("feed_forward_length"), activation: try activation(),
        gated: architecture.isGated),
      isScaled: checkpoint["blk.0.layer_output_scale.weight"] != nil)
  }

  private func placement() throws(SparrowError) -> LayerDescription.NormPlacement {
    switch architecture.placement {
    case .always(let placement): return placement
    case .byKey(let suffix, let yes, let no):
      return try fields.metadata.bool(fields.key(suffix)) ? yes : no
    case .byTensor(let name, let there, let absent):
      return checkpoint[name] == nil ? absent : there
    }
  }

  private var hasHeadNorms: Bool {
    guard let span = architecture.headNorms else { return false }
    return span != .ownHead || checkpoint["blk.0.attn_q_norm.weight"] != nil
  }

  /// Throws unless the key, or what it stands for where it is left out, is `value`.
  func require(
    _ suffix: String, equals value: Int, or fallback: Int
  ) throws(SparrowError) {
    let found = try fields.count(suffix, fallback)
    guard found == value else {
      throw fields.unsupported(
        suffix, found: fields.has(suffix) ? "\(found)" : "nothing, which means \(found)",
        expected: "\(value)")
    }
  }

  /// Converters leave the activation to the family; files that depart from it say so.
  private func activation() throws(SparrowError) -> Activation {
    guard fields.has("hidden_activation") else { return architecture.activation }
    let name = try fields.metadata.string(fields.key("hidden_activation"))
    guard let activation = Activation(checkpointName: name) else {
      throw fields.unsupported(
        "hidden_activation", found: "'\(name)'", expected: Activation.checkpointNames)
    }
    return activation
  }

  // MARK: Factors

  /// GGUF does not store Gemma's query scale; the 27B models divide by width over heads, not head
  /// size.
  private func scale(hidden: Int, heads: Int, head: Int) throws(SparrowError) -> Float {
    if let own = try multiplier(architecture.multipliers.scores) { return Float(own) }
    if let scale = architecture.scoreScale { return scale }
    let layers = try fields.count("block_count", limit: GGUFFields.maximumLayers)
    return inverseRoot(Double(layers == architecture.wideScaleLayers ? hidden / heads : head))
  }

  private func softcap(_ suffix: String, _ fallback: Double) throws(SparrowError) -> Float {
    guard architecture.reads.contains(suffix) else { return 0 }
    // Gemma 3 has no cap unless a file says so; where there always is one, zero would divide by it.
    if fallback == 0, try fields.number(suffix, 0) == 0 { return 0 }
    return Float(try fields.positive(suffix, fallback))
  }

  private func multiply(_ model: inout ModelConfiguration) throws(SparrowError) {
    let multipliers = architecture.multipliers
    if let (key, divides) = multipliers.logits, let factor = try multiplier(key) {
      model.logitScale = Float(divides ? 1 / factor : factor)
    }
    if let factor = try multiplier(multipliers.embedding) { model.embeddingScale *= Float(factor) }
    if let factor = try multiplier(multipliers.residual) { model.measure(in: factor) }
  }

  /// A key's number; nil where a file says nothing, or zero, which means that to llama.cpp.
  private func multiplier(_ suffix: String?) throws(SparrowError) -> Double? {
    guard let suffix, fields.has(suffix), try fields.number(suffix) != 0 else { return nil }
    return try fields.positive(suffix)
  }
}
