import SparrowCore

extension RotaryDescription {
  /// The fields of a `config.json` that make transformers turn heads as this does: `rope_theta`
  /// and, where frequencies are stretched, `rope_scaling`.
  ///
  /// Throws `.unsupported` for factors by frequency that are not Llama 3's, and for factors on
  /// cosine and sine that only YaRN has.
  func huggingFaceFields(file: String) throws(SparrowError) -> [(key: String, value: JSON)] {
    let plain = RotaryDescription(
      dimension: dimension, base: base, interleaved: interleaved, scaling: scaling)
    guard magnitude == plain.magnitude else {
      throw SparrowError(
        .unsupported, file: file, field: "rope.scaling.attn_factor", found: "\(magnitude)",
        expected: "none, or YaRN")
    }
    var fields: [(key: String, value: JSON)] = [("rope_theta", .number(base))]
    switch scaling {
    case .none: break
    case .linear(let factor):
      fields.append(("rope_scaling", ["rope_type": "linear", "factor": .number(factor)]))
    case .llama3(let factor, let low, let high, let original):
      fields.append(("rope_scaling", Self.llama3(factor, low, high, original)))
    case .yarn(let factor, let original, let betaFast, let betaSlow, let magnitude):
      var yarn: [(key: String, value: JSON)] = [
        ("rope_type", "yarn"), ("factor", .number(factor)),
        ("original_max_position_embeddings", Self.number(original)),
        ("beta_fast", .number(betaFast)), ("beta_slow", .number(betaSlow)),
      ]
      if let magnitude { yarn.append(("attention_factor", .number(magnitude))) }
      fields.append(("rope_scaling", .object(yarn)))
    case .longRope, .proportional:
      throw SparrowError(
        .unsupported, file: file, field: "rope_scaling", found: "another scaling",
        expected: "linear, llama3 or yarn")
    case .perFrequency(let factors):
      guard let scaling = llama3Scaling(of: factors) else {
        throw SparrowError(
          .unsupported, file: file, field: "rope_freqs.weight",
          found: "factors that transformers has no rope_type for", expected: "those of Llama 3")
      }
      fields.append(("rope_scaling", scaling))
    }
    return fields
  }

  private static func llama3(
    _ factor: Double, _ low: Double, _ high: Double, _ original: Double
  ) -> JSON {
    [
      "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
      "high_freq_factor": .number(high), "original_max_position_embeddings": number(original),
    ]
  }

  /// Counts are written as such.
  private static func number(_ value: Double) -> JSON {
    Int(exactly: value).map { .integer($0) } ?? .number(value)
  }

  /// GGUF files keep Llama 3's scaling as the factors that it gives: looks for the context that
  /// gives them, with the two frequency factors of all released models; nil where there is none.
  private func llama3Scaling(of factors: [Float]) -> JSON? {
    let (low, high) = (1.0, 4.0)
    let factor = Double(factors.max() ?? 1)
    var contexts = (5...20).map { Double(1 << $0) }
    for (index, own) in factors.enumerated() where own > 1 && Double(own) < factor {
      let wavelength = 2 * Double.pi * power(base, Double(2 * index) / Double(dimension))
      let smooth = (1 / Double(own) - 1 / factor) / (1 - 1 / factor)
      contexts.append((wavelength * (smooth * (high - low) + low)).rounded())
    }
    for original in contexts {
      let candidate = RotaryDescription(
        dimension: dimension, base: base, interleaved: interleaved,
        scaling: .llama3(
          factor: factor, lowFactor: low, highFactor: high, originalContext: original))
      let isSame = zip(candidate.frequencies, frequencies).allSatisfy {
        abs($0 - $1) <= 1e-6 * abs($1)
      }
      if isSame { return Self.llama3(factor, low, high, original) }
    }
    return nil
  }
}
