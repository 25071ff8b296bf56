import SparrowCore

extension HuggingFaceFields {
  /// The rotary embedding, from `rope_parameters` (transformers 5) or `rope_theta` with `rope_scaling`
  /// (before). `kind` says of which layers, in families where the two kinds turn differently.
  func rotary(
    dimension: Int, contextLength: Int, kind: LayerKind? = nil
  ) throws(SparrowError) -> RotaryDescription {
    var theta: Double?
    var partial = 1.0
    var scaling = RotaryScaling.none
    let source = kind == nil ? try ropeParameters() : try ropeParameters(of: kind!)
    if let source {
      theta = try source.optionalNumber("rope_theta")
      partial = try source.number("partial_rotary_factor", 1)
      scaling = try source.scaling(contextLength: contextLength)
    }
    let base: Double
    if let theta {
      base = theta
    } else {
      base = try number(kind == .slidingAttention ? "rope_local_base_freq" : "rope_theta")
    }
    guard base > 0, dimension % 2 == 0 else {
      throw error(
        "rope_theta", found: "\(base)", expected: "a positive base and an even head size")
    }
    guard partial == 1 else {
      throw unsupported("partial_rotary_factor", found: "\(partial)", expected: "1")
    }
    return RotaryDescription(
      dimension: dimension, base: base, interleaved: false, scaling: scaling)
  }

  /// The older spelling wins where a file has both.
  private func ropeParameters() throws(SparrowError) -> HuggingFaceFields? {
    if let old = try object("rope_scaling"), old.json.members?.isEmpty == false { return old }
    return try object("rope_parameters")
  }

  /// The older spelling means the layers that attend to all, on top of what the newer says of them.
  private func ropeParameters(of kind: LayerKind) throws(SparrowError) -> HuggingFaceFields? {
    let kinds = try object("rope_parameters")
    for (field, _) in kinds?.json.members ?? [] where LayerKind(rawValue: field) == nil {
      throw unsupported(
        "rope_parameters", found: "'\(field)'",
        expected: "an object for full_attention and one for sliding_attention")
    }
    let own = try kinds?.object(kind.rawValue)
    guard kind == .fullAttention, let old = try object("rope_scaling") else { return own }
    return HuggingFaceFields(
      json: .object((own?.json.members ?? []) + (old.json.members ?? [])), file: file)
  }

  private func scaling(contextLength: Int) throws(SparrowError) -> RotaryScaling {
    let type = try string("rope_type", try string("type", "default"))
    guard let known = Self.scalingFields[type] else {
      throw unsupported(
        "rope_type", found: "'\(type)'",
        expected: Self.scalingFields.keys.sorted().joined(separator: ", "))
    }
    for (field, value) in json.members ?? [] where !value.isNull {
      guard known.contains(field) || Self.scalingFields["default"]!.contains(field) else {
        throw unsupported(
          field, found: value.brief, expected: "no such field beside rope_type '\(type)'")
      }
    }
    func original() throws(SparrowError) -> Double {
      try number("original_max_position_embeddings", Double(contextLength))
    }
    switch type {
    case "linear": return .linear(factor: try positive("factor"))
    case "llama3":
      return .llama3(
        factor: try positive("factor"), lowFactor: try positive("low_freq_factor"),
        highFactor: try positive("high_freq_factor"), originalContext: try original())
    case "yarn":
      guard try flag("truncate", true) else {
        throw unsupported("truncate", found: "false", expected: "true")
      }
      let context = try original()
      let factor = try optionalNumber("factor") ?? Double(contextLength) / context
      guard factor > 0, context > 0 else {
        throw error("factor", found: "\(factor)", expected: "a positive number")
      }
      return .yarn(
        factor: factor, originalContext: context, betaFast: try nonZero("beta_fast") ?? 32,
        betaSlow: try nonZero("beta_slow") ?? 1, magnitude: try magnitude(factor: factor))
    // Within the trained context, to which sessions are bound, dynamic scaling changes nothing.
    default: return .none
    }
  }

  /// The fields that each kind of scaling has; those of `default` stand beside all.
  private static let scalingFields: [String: Set<String>] = [
    "default": ["rope_type", "type", "rope_theta", "partial_rotary_factor", "finetuned"],
    "dynamic": ["factor", "original_max_position_embeddings"],
    "linear": ["factor", "original_max_position_embeddings"],
    "llama3": [
      "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
    ],
    "yarn": [
      "factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow",
      "mscale", "mscale_all_dim", "truncate",
    ],
  ]

  /// YaRN's factor on cosine and sine, where it is not what the scaling makes it.
  private func magnitude(factor: Double) throws(SparrowError) -> Double? {
    if let explicit = try optionalNumber("attention_factor") { return explicit }
    guard let scale = try nonZero("mscale"), let all = try nonZero("mscale_all_dim"), factor > 1
    else { return nil }
    let log = 0.1 * naturalLog(factor)
    return (scale * log + 1) / (all * log + 1)
  }

  /// Zero counts as left out, as to transformers.
  private func nonZero(_ field: String) throws(SparrowError) -> Double? {
    let value = try optionalNumber(field)
    return value == 0 ? nil : value
  }

  private func positive(_ field: String) throws(SparrowError) -> Double {
    let value = try number(field)
    guard value > 0 else { throw error(field, found: "\(value)", expected: "a positive number") }
    return value
  }
}
