import SparrowCore

extension HuggingFaceFields {
  /// The rotary embedding, from `rope_parameters` (transformers 5) or `rope_theta` with
  /// `rope_scaling` (before), of heads of `head` elements.
  ///
  /// `kind` says of which layers, in families where the two kinds turn differently. `part` is the
  /// part of a head that the class turns where a file says nothing; nil where it turns whole heads
  /// whatever a file says.
  func rotary(
    head: Int, contextLength: Int, kind: LayerKind? = nil, part classPart: Double? = nil,
    interleaved: Bool = false
  ) throws(SparrowError) -> RotaryDescription {
    let source = kind == nil ? try ropeParameters() : try ropeParameters(of: kind!)
    let name = try source.map { s throws(SparrowError) in try ropeType(s) } ?? "default"
    let part = try source?.number("partial_rotary_factor", classPart ?? 1) ?? classPart ?? 1
    var dimension = head
    if classPart != nil {
      dimension = Int(Double(head) * part)
    } else if name != "proportional", part != 1 {
      throw unsupported("partial_rotary_factor", found: "\(part)", expected: "1")
    }
    let base: Double
    if let theta = try source?.optionalNumber("rope_theta") {
      base = theta
    } else {
      base = try rotaryBase(kind)
    }
    guard base > 0, dimension > 0, dimension <= head, dimension % 2 == 0 else {
      throw error(
        "rope_theta", found: "base \(base), \(dimension) of \(head) elements",
        expected: "a positive base and an even number of elements")
    }
    var scaling = RotaryScaling.none
    switch name {
    case "longrope":
      scaling = try source!.longRope(
        pairs: dimension / 2, original: try count("original_max_position_embeddings"),
        contextLength: contextLength)
    case "proportional":
      scaling = .proportional(
        pairs: Int(part * Double(head) / 2), factor: try source!.number("factor", 1))
    default: if let source { scaling = try source.scaling(name, contextLength: contextLength) }
    }
    return RotaryDescription(
      dimension: dimension, base: base, interleaved: interleaved, scaling: scaling)
  }

  private func rotaryBase(_ kind: LayerKind?) throws(SparrowError) -> Double {
    if type == "gpt_neox" { return try number("rotary_emb_base", 10_000) }
    return try number(kind == .slidingAttention ? "rope_local_base_freq" : "rope_theta")
  }

  /// The kind of scaling that the family's class makes of the name in `source`, whose fields must
  /// fit it.
  private func ropeType(_ source: HuggingFaceFields) throws(SparrowError) -> String {
    var name = try source.string("rope_type", try source.string("type", "default"))
    var known = ["default", "dynamic", "linear", "llama3", "yarn"]
    // Only this class knows the length by which LongRoPE chooses; its oldest files call it so.
    if type == "phi3" {
      known = ["default", "longrope"]
      if name == "su" || name == "yarn" { name = "longrope" }
    }
    if type == "gemma4_text" { known.append("proportional") }
    guard known.contains(name), let fields = Self.scalingFields[name] else {
      throw unsupported(
        "rope_type", found: "'\(name)'", expected: known.joined(separator: ", "))
    }
    for (field, value) in source.json.members ?? [] where !value.isNull {
      guard fields.contains(field) || Self.scalingFields["default"]!.contains(field) else {
        throw unsupported(
          field, found: value.brief, expected: "no such field beside rope_type '\(name)'")
      }
    }
    return name
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

  private func scaling(
    _ type: String, contextLength: Int
  ) throws(SparrowError) -> RotaryScaling {
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
    // Positions of text are the same in each of the sections that those of pictures differ in.
    "default": [
      "rope_type", "type", "rope_theta", "partial_rotary_factor", "finetuned", "mrope_section",
      "mrope_interleaved",
    ],
    "dynamic": ["factor", "original_max_position_embeddings"],
    "linear": ["factor", "original_max_position_embeddings"],
    "llama3": [
      "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
    ],
    "longrope": [
      "short_factor", "long_factor", "factor", "attention_factor",
      "original_max_position_embeddings",
    ],
    "proportional": ["factor"],
    "yarn": [
      "factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow",
      "mscale", "mscale_all_dim", "truncate",
    ],
  ]

  private func longRope(
    pairs: Int, original: Int, contextLength: Int
  ) throws(SparrowError) -> RotaryScaling {
    func factors(_ field: String) throws(SparrowError) -> [Float] {
      let values = try numbers(field) ?? []
      guard values.count == pairs, values.allSatisfy({ $0 > 0 }) else {
        throw error(
          field, found: "\(values.count) factors", expected: "\(pairs) positive ones")
      }
      return values.map { Float($0) }
    }
    let factor = try optionalNumber("factor") ?? Double(contextLength) / Double(original)
    let usual =
      factor <= 1 ? 1 : (1 + naturalLog(factor) / naturalLog(Double(original))).squareRoot()
    return .longRope(
      short: try factors("short_factor"), long: try factors("long_factor"),
      originalContext: original, magnitude: try number("attention_factor", usual))
  }

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

  /// A finite number above zero.
  func positive(_ field: String) throws(SparrowError) -> Double {
    let value = try number(field)
    guard value > 0 else { throw error(field, found: "\(value)", expected: "a positive number") }
    return value
  }
}
