public import SparrowCore
public import SparrowFormats

extension ModelConfiguration {
  /// Reads the metadata of a GGUF checkpoint. Unknown architectures and scalings are refused by name.
  public init(gguf checkpoint: Checkpoint) throws(SparrowError) {
    guard let metadata = checkpoint.metadata else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, found: "no GGUF metadata", expected: "a GGUF file")
    }
    let architecture = try metadata.string("general.architecture")
    guard let family = GGUFFamily(rawValue: architecture) else {
      throw SparrowError(
        .unsupported, file: metadata.file, field: "general.architecture",
        found: "'\(architecture)'",
        expected: GGUFFamily.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = try GGUFConfiguration(family: family, metadata: metadata, checkpoint: checkpoint).model()
  }
}

/// The architectures that Sparrow reads from GGUF files.
enum GGUFFamily: String, CaseIterable {
  case gpt2, llama, qwen2, qwen3, gemma2, gemma3

  var isGemma: Bool { self == .gemma2 || self == .gemma3 }
}

private struct GGUFConfiguration {
  let family: GGUFFamily
  let metadata: GGUFMetadata
  let checkpoint: Checkpoint

  func model() throws(SparrowError) -> ModelConfiguration {
    let hidden = try count("embedding_length")
    let layer = try layerDescription(hidden: hidden)
    var layers = Array(repeating: layer, count: try count("block_count", limit: 1024))
    try setWindows(&layers)
    guard let embedding = checkpoint["token_embd.weight"], embedding.shape.count == 2 else {
      throw SparrowError(
        .malformed, file: metadata.file, field: "token_embd.weight", found: "no such matrix")
    }
    return ModelConfiguration(
      architecture: family.rawValue, hidden: hidden, vocabulary: embedding.shape[0],
      embeddingWidth: hidden,
      embeddingScale: family.isGemma ? Float(Double(hidden).squareRoot()) : 1,
      contextLength: try count("context_length"),
      learnedPositionOffset: family == .gpt2 ? 0 : nil, layers: layers, finalNorm: layer.norm,
      tiedHead: checkpoint["output.weight"] == nil,
      logitSoftcap: family == .gemma2 ? Float(try number("final_logit_softcapping", 30)) : 0)
  }

  private func layerDescription(hidden: Int) throws(SparrowError) -> LayerDescription {
    let heads = try count("attention.head_count")
    let keyValueHeads =
      metadata[key("attention.head_count_kv")] == nil
      ? heads : try count("attention.head_count_kv")
    guard heads % keyValueHeads == 0, hidden % heads == 0 || has("attention.key_length") else {
      throw error(
        "attention.head_count", found: "\(heads) heads, \(keyValueHeads) of keys, width \(hidden)",
        expected: "counts that divide each other")
    }
    let head = has("attention.key_length") ? try count("attention.key_length") : hidden / heads
    if has("attention.value_length"), try count("attention.value_length") != head {
      throw SparrowError(
        .unsupported, file: metadata.file, field: key("attention.value_length"),
        found: "another length than the keys'", expected: "\(head)")
    }
    let norm =
      family == .gpt2
      ? NormDescription(kind: .layer, epsilon: Float(try number("attention.layer_norm_epsilon")))
      : NormDescription(kind: .rms, epsilon: Float(try number("attention.layer_norm_rms_epsilon")))
    return LayerDescription(
      norm: norm, placement: family.isGemma ? .around : .before,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
        scale: try scale(hidden: hidden, heads: heads, head: head),
        softcap: family == .gemma2 ? Float(try number("attn_logit_softcapping", 50)) : 0,
        headNorm: family == .qwen3 || family == .gemma3 ? norm : nil,
        rotary: family == .gpt2 ? nil : try rotary(head: head)),
      feedForward: FeedForwardDescription(
        width: try count("feed_forward_length"),
        activation: try activation(), gated: family != .gpt2))
  }

  /// Converters leave the activation to the family; files that depart from it say so.
  private func activation() throws(SparrowError) -> Activation {
    let field = key("hidden_activation")
    guard has("hidden_activation") else {
      return family == .gpt2 || family.isGemma ? .geluTanh : .silu
    }
    let name = try metadata.string(field)
    guard let activation = Activation(checkpointName: name) else {
      throw SparrowError(
        .unsupported, file: metadata.file, field: field, found: "'\(name)'",
        expected: Activation.checkpointNames)
    }
    return activation
  }

  /// GGUF does not store Gemma's query scale; the 27B models divide by width over heads, not head size.
  private func scale(hidden: Int, heads: Int, head: Int) throws(SparrowError) -> Float {
    let layers = try count("block_count", limit: 1024)
    let is27B = (family == .gemma2 && layers == 46) || (family == .gemma3 && layers == 62)
    return inverseRoot(Double(is27B ? hidden / heads : head))
  }

  private func setWindows(_ layers: inout [LayerDescription]) throws(SparrowError) {
    guard family.isGemma else { return }
    let window =
      has("attention.sliding_window") ? try count("attention.sliding_window") : 4096
    let local = RotaryDescription(
      dimension: layers[0].attention.headDimension, base: 10_000, interleaved: false)
    for index in layers.indices {
      let slides = family == .gemma2 ? index % 2 == 0 : (index + 1) % 6 != 0
      guard slides else { continue }
      layers[index].attention.window = window
      if family == .gemma3 { layers[index].attention.rotary = local }
    }
  }

  private func rotary(head: Int) throws(SparrowError) -> RotaryDescription {
    let dimension = has("rope.dimension_count") ? try count("rope.dimension_count") : head
    guard dimension % 2 == 0, dimension <= head else {
      throw error(
        "rope.dimension_count", found: "\(dimension)", expected: "an even number up to \(head)")
    }
    let base = try number("rope.freq_base", family == .gemma3 ? 1_000_000 : 10_000)
    guard base > 0 else {
      throw error("rope.freq_base", found: "\(base)", expected: "a positive number")
    }
    return RotaryDescription(
      dimension: dimension, base: base, interleaved: family == .llama,
      scaling: try scaling(dimension: dimension))
  }

  private func scaling(dimension: Int) throws(SparrowError) -> RotaryScaling {
    if let entry = checkpoint["rope_freqs.weight"] {
      let factors = try checkpoint.floats(entry)
      guard factors.count == dimension / 2, factors.allSatisfy({ $0 > 0 }) else {
        throw error(
          "rope_freqs.weight", found: "\(factors.count) factors",
          expected: "\(dimension / 2) positive ones")
      }
      return .perFrequency(factors)
    }
    let type = try metadata.string(key("rope.scaling.type"), default: "none")
    switch type {
    case "none": return .none
    case "linear":
      let factor = try number("rope.scaling.factor", 1)
      guard factor > 0 else {
        throw error("rope.scaling.factor", found: "\(factor)", expected: "a positive number")
      }
      return .linear(factor: factor)
    case "yarn":
      let factor = try number("rope.scaling.factor")
      let original = try number("rope.scaling.original_context_length")
      guard factor > 0, original > 0 else {
        throw error("rope.scaling.factor", found: "\(factor)", expected: "a positive number")
      }
      return .yarn(
        factor: factor, originalContext: original, betaFast: 32, betaSlow: 1, magnitude: nil)
    default:
      throw SparrowError(
        .unsupported, file: metadata.file, field: key("rope.scaling.type"), found: "'\(type)'",
        expected: "none, linear or yarn")
    }
  }

  private func key(_ suffix: String) -> String { family.rawValue + "." + suffix }
  private func has(_ suffix: String) -> Bool { metadata[key(suffix)] != nil }

  private func error(_ suffix: String, found: String, expected: String) -> SparrowError {
    SparrowError(
      .malformed, file: metadata.file, field: key(suffix), found: found, expected: expected)
  }

  private func count(_ suffix: String, limit: Int = 0x7FFF_FFFF) throws(SparrowError) -> Int {
    let value = try metadata.int(key(suffix))
    guard (1...limit).contains(value) else {
      throw error(suffix, found: "\(value)", expected: "a number from 1 to \(limit)")
    }
    return value
  }

  private func number(_ suffix: String, _ fallback: Double? = nil) throws(SparrowError) -> Double {
    if let fallback, !has(suffix) { return fallback }
    let value = try metadata.double(key(suffix))
    guard value.isFinite else {
      throw error(suffix, found: "\(value)", expected: "a finite number")
    }
    return value
  }
}
