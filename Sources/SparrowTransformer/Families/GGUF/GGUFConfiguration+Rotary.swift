import SparrowCore
import SparrowFormats

extension GGUFConfiguration {
  /// How heads of `head` elements turn; nil where positions are learned.
  func rotary(head: Int) throws(SparrowError) -> RotaryDescription? {
    guard let pairs = architecture.pairs, try turns() else { return nil }
    let dimension = try fields.count("rope.dimension_count", head)
    guard dimension % 2 == 0, architecture.mayTurnParts ? dimension <= head : dimension == head
    else {
      throw fields.error(
        "rope.dimension_count", found: "\(dimension)",
        expected: architecture.mayTurnParts ? "an even number up to \(head)" : "\(head)")
    }
    var rotary = RotaryDescription(
      dimension: dimension, base: try fields.positive("rope.freq_base", 10_000),
      interleaved: pairs == .neighbours, scaling: try scaling(dimension: dimension))
    switch rotary.scaling {
    case .yarn, .longRope: break
    default: rotary.magnitude *= try attentionFactor()
    }
    return rotary
  }

  /// Where this is read, files of models that know no positions say so by it.
  private func turns() throws(SparrowError) -> Bool {
    let suffix = "rope.scaling.finetuned"
    guard architecture.reads.contains(suffix), fields.has(suffix) else { return true }
    return try fields.metadata.bool(fields.key(suffix))
  }

  /// A factor on cosine and sine beside what the scaling makes of them.
  func attentionFactor() throws(SparrowError) -> Float {
    Float(try fields.positive("rope.scaling.attn_factor", 1))
  }

  private func scaling(dimension: Int) throws(SparrowError) -> RotaryScaling {
    let factor = try scalingFactor()
    let type =
      fields.has("rope.scaling.type")
      ? try fields.metadata.string(fields.key("rope.scaling.type")) : "linear"
    let frequencyFactors = try frequencyFactors(dimension: dimension)
    if let long = try longFactors(dimension: dimension) {
      guard factor == 1, ["none", "linear", "longrope"].contains(type) else {
        throw fields.unsupported(
          "rope.scaling.type", found: "'\(type)' by \(factor) beside rope_factors_long.weight",
          expected: "longrope by 1")
      }
      return long
    }
    switch type {
    case "none", "linear":
      guard type == "linear" || factor == 1 else {
        throw fields.unsupported(
          "rope.scaling.factor", found: "\(factor) beside the type none", expected: "1, or none")
      }
      if let frequencyFactors { return .perFrequency(frequencyFactors.map { $0 * Float(factor) }) }
      return factor == 1 ? .none : .linear(factor: factor)
    case "yarn":
      guard frequencyFactors == nil else {
        throw fields.unsupported(
          "rope.scaling.type", found: "'yarn' beside rope_freqs.weight", expected: "one of them")
      }
      guard factor >= 1 else {
        throw fields.error(
          "rope.scaling.factor", found: "\(factor)", expected: "at least 1 with yarn")
      }
      let context = try fields.count(
        "rope.scaling.original_context_length", try fields.count("context_length"))
      let extra = Double(try attentionFactor())
      return .yarn(
        factor: factor, originalContext: Double(context), betaFast: 32, betaSlow: 1,
        magnitude: extra == 1 ? nil : (0.1 * naturalLog(factor) + 1) * extra)
    default:
      throw fields.unsupported(
        "rope.scaling.type", found: "'\(type)'", expected: "none, linear or yarn")
    }
  }

  /// By what positions are divided: the key, or its older name. Zero means nothing, as to
  /// llama.cpp.
  private func scalingFactor() throws(SparrowError) -> Double {
    let suffix = fields.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
    let factor = try fields.number(suffix, 1)
    guard factor >= 0 else {
      throw fields.error(suffix, found: "\(factor)", expected: "a positive number")
    }
    return factor == 0 ? 1 : factor
  }

  private func frequencyFactors(dimension: Int) throws(SparrowError) -> [Float]? {
    guard architecture.hasFrequencyFactors, let entry = checkpoint["rope_freqs.weight"] else {
      return nil
    }
    return try factors(entry, dimension: dimension)
  }

  /// Factors for sequences up to the original context, and for longer ones.
  private func longFactors(dimension: Int) throws(SparrowError) -> RotaryScaling? {
    guard architecture.hasLongFactors else { return nil }
    let names = ["rope_factors_short.weight", "rope_factors_long.weight"]
    guard names.contains(where: { checkpoint[$0] != nil }) else { return nil }
    guard let short = checkpoint[names[0]], let long = checkpoint[names[1]] else {
      throw SparrowError(
        .malformed, file: checkpoint.path, field: "rope_factors_short.weight, _long.weight",
        found: "one of the two", expected: "both")
    }
    return .longRope(
      short: try factors(short, dimension: dimension),
      long: try factors(long, dimension: dimension),
      originalContext: try fields.count(
        "rope.scaling.original_context_length", try fields.count("context_length")),
      magnitude: Double(try attentionFactor()))
  }

  private func factors(_ entry: TensorEntry, dimension: Int) throws(SparrowError) -> [Float] {
    let factors = try checkpoint.floats(entry)
    guard factors.count == dimension / 2, factors.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw SparrowError(
        .malformed, file: checkpoint.path, field: entry.name, found: "\(factors.count) factors",
        expected: "\(dimension / 2) positive ones")
    }
    return factors
  }
}
