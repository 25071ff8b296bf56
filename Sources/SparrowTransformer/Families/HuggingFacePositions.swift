import SparrowCore

extension HuggingFaceFields {
  /// The rotary embedding of layers of `kind`, from `rope_parameters` (transformers 5, flat or by layer
  /// kind) or `rope_theta` with `rope_scaling` (before).
  func rotary(
    dimension: Int, contextLength: Int, kind: String = "", base: Double = 10_000
  ) throws(SparrowError) -> RotaryDescription {
    try require("rope_interleaved")
    var theta = try number("rope_theta", base)
    var partial = try number("partial_rotary_factor", 1)
    var scaling = RotaryScaling.none
    var source = try object("rope_scaling")
    if let parameters = try object("rope_parameters") {
      source = parameters
      if let own = try parameters.object(kind) { source = own }
    }
    if let source {
      theta = try source.number("rope_theta", theta)
      partial = try source.number("partial_rotary_factor", partial)
      scaling = try source.scaling(contextLength: contextLength)
    }
    guard theta > 0, dimension % 2 == 0 else {
      throw error(
        "rope_theta", found: "\(theta)", expected: "a positive base and an even head size")
    }
    guard partial == 1 else {
      throw unsupported("partial_rotary_factor", found: "\(partial)", expected: "1")
    }
    return RotaryDescription(
      dimension: dimension, base: theta, interleaved: false,
      scaling: scaling)
  }

  /// Gemma 3's sliding layers turn by a base of their own, unscaled.
  func localRotary(dimension: Int, contextLength: Int) throws(SparrowError) -> RotaryDescription {
    if let parameters = try object("rope_parameters"),
      try parameters.object("sliding_attention") != nil
    {
      return try rotary(
        dimension: dimension, contextLength: contextLength, kind: "sliding_attention")
    }
    return RotaryDescription(
      dimension: dimension, base: try number("rope_local_base_freq", 10_000), interleaved: false)
  }

  private func scaling(contextLength: Int) throws(SparrowError) -> RotaryScaling {
    let type = try string("rope_type", try string("type", "default"))
    switch type {
    case "default": return .none
    // Within the trained context, to which sessions are bound, dynamic scaling changes nothing.
    case "dynamic": return .none
    case "linear": return .linear(factor: try positive("factor"))
    case "llama3":
      return .llama3(
        factor: try positive("factor"), lowFactor: try positive("low_freq_factor"),
        highFactor: try positive("high_freq_factor"),
        originalContext: try positive("original_max_position_embeddings"))
    case "yarn":
      for field in ["mscale", "mscale_all_dim"] where try optionalNumber(field) != nil {
        throw unsupported(field, found: "a value", expected: "none")
      }
      guard try flag("truncate", true) else {
        throw unsupported("truncate", found: "false", expected: "true")
      }
      return .yarn(
        factor: try positive("factor"),
        originalContext: try number("original_max_position_embeddings", Double(contextLength)),
        betaFast: try number("beta_fast", 32), betaSlow: try number("beta_slow", 1),
        magnitude: try optionalNumber("attention_factor"))
    default:
      throw unsupported(
        "rope_type", found: "'\(type)'", expected: "default, linear, dynamic, llama3 or yarn")
    }
  }

  private func positive(_ field: String) throws(SparrowError) -> Double {
    let value = try number(field)
    guard value > 0 else { throw error(field, found: "\(value)", expected: "a positive number") }
    return value
  }

  /// Sets each layer's attention window from `layer_types`, or from the family's older fields.
  func setWindows(of layers: inout [LayerDescription], type: String) throws(SparrowError) {
    let window = try optionalCount("sliding_window")
    if let kinds = try strings("layer_types") {
      guard kinds.count == layers.count else {
        throw error(
          "layer_types", found: "\(kinds.count) entries", expected: "\(layers.count), one a layer")
      }
      for (index, kind) in kinds.enumerated() {
        switch kind {
        case "full_attention": break
        case "sliding_attention":
          guard let window else {
            throw error("sliding_window", found: "nothing", expected: "a positive integer")
          }
          layers[index].attention.window = window
        default:
          throw unsupported(
            "layer_types", found: "'\(kind)'", expected: "full_attention or sliding_attention")
        }
      }
      return
    }
    let slides: (Int) -> Bool
    switch type {
    case "mistral": slides = { _ in true }
    case "qwen2", "qwen3":
      guard try flag("use_sliding_window", false) else { return }
      let first = try count("max_window_layers", 28)
      slides = { $0 >= first }
    case "gemma2": slides = { $0 % 2 == 0 }
    case "gemma3_text":
      let pattern = try count("sliding_window_pattern", 6)
      slides = { ($0 + 1) % pattern != 0 }
    default: return
    }
    let size = type == "gemma2" ? window ?? 4096 : type == "gemma3_text" ? window ?? 4096 : window
    guard let size else { return }
    for index in layers.indices where slides(index) { layers[index].attention.window = size }
  }
}
