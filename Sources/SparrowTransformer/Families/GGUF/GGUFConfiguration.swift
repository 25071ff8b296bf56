public import SparrowCore
public import SparrowFormats

extension ModelConfiguration {
  /// Reads the metadata of a GGUF checkpoint. Unknown architectures and scalings are refused by name, as
  /// are keys that change what is computed and that Sparrow does not understand.
  public init(gguf checkpoint: Checkpoint) throws(SparrowError) {
    guard let metadata = checkpoint.metadata else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, found: "no GGUF metadata", expected: "a GGUF file")
    }
    let name = try metadata.string("general.architecture")
    guard let architecture = GGUFArchitecture.named(name) else {
      throw SparrowError(
        .unsupported, file: metadata.file, field: "general.architecture", found: "'\(name)'",
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
    return ModelConfiguration(
      architecture: architecture.name, hidden: hidden, vocabulary: try vocabulary(),
      embeddingWidth: hidden,
      embeddingScale: architecture.scalesEmbedding ? Float(Double(hidden).squareRoot()) : 1,
      contextLength: try fields.count("context_length"),
      learnedPositionOffset: architecture.pairs == nil ? 0 : nil, layers: layers,
      finalNorm: layer.norm, tiedHead: checkpoint["output.weight"] == nil,
      logitSoftcap: try softcap("final_logit_softcapping", architecture.softcaps.logits))
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
    let keyValueHeads = try fields.count("attention.head_count_kv", heads)
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
      norm: norm, placement: architecture.placement,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
        scale: try scale(hidden: hidden, heads: heads, head: head),
        softcap: try softcap("attn_logit_softcapping", architecture.softcaps.scores),
        headNorm: architecture.hasHeadNorms ? norm : nil, rotary: try rotary(head: head)),
      feedForward: FeedForwardDescription(
        width: try fields.count("feed_forward_length"), activation: try activation(),
        gated: architecture.isGated))
  }

  /// Throws unless the key, or what it stands for where it is left out, is `value`.
  private func require(
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

  /// GGUF does not store Gemma's query scale; the 27B models divide by width over heads, not head size.
  private func scale(hidden: Int, heads: Int, head: Int) throws(SparrowError) -> Float {
    let layers = try fields.count("block_count", limit: GGUFFields.maximumLayers)
    return inverseRoot(Double(layers == architecture.wideScaleLayers ? hidden / heads : head))
  }

  private func softcap(_ suffix: String, _ fallback: Double) throws(SparrowError) -> Float {
    guard architecture.reads.contains(suffix) else { return 0 }
    // Gemma 3 has no cap unless a file says so; where there always is one, zero would divide by it.
    if fallback == 0, try fields.number(suffix, 0) == 0 { return 0 }
    return Float(try fields.positive(suffix, fallback))
  }

  // MARK: Windows

  private func setWindows(_ layers: inout [LayerDescription]) throws(SparrowError) {
    guard let windows = architecture.windows else { return }
    let hasWindow = try hasWindow()
    for (suffix, length) in [
      ("attention.key_length_swa", layers[0].attention.headDimension),
      ("attention.value_length_swa", layers[0].attention.headDimension),
      ("rope.dimension_count_swa", layers[0].attention.rotary?.dimension ?? 0),
    ] { try require(suffix, equals: length, or: length) }
    guard windows.size != nil || hasWindow else { return }
    let size = try fields.count("attention.sliding_window", windows.size)
    let slides = try slidingLayers(layers.count, pattern: windows.pattern)
    let rotary = try localRotary(windows, beside: layers[0].attention)
    for index in layers.indices where slides[index] {
      layers[index].attention.window = size
      layers[index].attention.rotary = rotary
    }
  }

  private func hasWindow() throws(SparrowError) -> Bool {
    guard fields.has("attention.sliding_window") else { return false }
    return try fields.metadata.int(fields.key("attention.sliding_window")) != 0
  }

  /// The key is a number n, for layers n, 2n, ... that attend to all, or says of each layer whether it slides.
  private func slidingLayers(_ count: Int, pattern: Int) throws(SparrowError) -> [Bool] {
    let suffix = "attention.sliding_window_pattern"
    if case .numbers = fields.value(suffix) {
      let flags = try fields.metadata.ints(fields.key(suffix))
      guard flags.count == count else {
        throw fields.error(
          suffix, found: "\(flags.count) values", expected: "\(count), one for each layer")
      }
      return flags.map { $0 != 0 }
    }
    let pattern = fields.has(suffix) ? try fields.metadata.int(fields.key(suffix)) : pattern
    guard pattern >= 0 else {
      throw fields.error(suffix, found: "\(pattern)", expected: "a number from 0")
    }
    return (0..<count).map { pattern == 0 || ($0 + 1) % pattern != 0 }
  }

  private func localRotary(
    _ windows: GGUFArchitecture.Windows, beside attention: AttentionDescription
  ) throws(SparrowError) -> RotaryDescription? {
    guard let global = attention.rotary else { return nil }
    let base = try fields.positive("rope.freq_base_swa", windows.base ?? global.base)
    var local = RotaryDescription(
      dimension: global.dimension, base: base, interleaved: global.interleaved,
      scaling: windows.isScaled ? global.scaling : .none)
    if !windows.isScaled { local.magnitude *= try attentionFactor() }
    return local
  }
}
