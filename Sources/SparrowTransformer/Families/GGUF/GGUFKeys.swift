import SparrowCore
import SparrowFormats

/// What keys of any architecture mean where it does not read them.
enum GGUFKeys {
  /// Keys that say nothing about computing.
  static let silent: Set = ["vocab_size", "rope.scaling.finetuned"]

  /// Keys that change what is computed: what they stand for, and the values that mean nothing of
  /// it.
  static let neutral: [String: (reason: String, values: [GGUFValue])] = {
    var keys: [String: (String, [GGUFValue])] = [:]
    func add(_ reason: String, _ values: [GGUFValue], _ names: String...) {
      for name in names { keys[name] = (reason, values) }
    }
    add(
      "a mixture of experts", [.integer(0)], "expert_count", "expert_used_count",
      "expert_shared_count", "expert_group_count", "expert_group_used_count",
      "expert_feed_forward_length", "expert_shared_feed_forward_length", "expert_gating_func",
      "expert_weights_scale", "moe_every_n_layers", "interleave_moe_layer_step",
      "leading_dense_block_count")
    add("a mixture of experts", [.bool(false)], "expert_weights_norm")
    add("layers that foretell further tokens", [.integer(0)], "nextn_predict_layers")
    add("attention to what follows", [.bool(true)], "attention.causal")
    add("an embedding of the whole text", [.integer(0)], "pooling_type")
    add(
      "another attention", [.integer(0)], "attention.clamp_kqv", "attention.max_alibi_bias",
      "attention.scale", "attn_logit_softcapping", "attention.shared_kv_layers",
      "attention.sliding_window", "attention.temperature_length", "attention.temperature_scale")
    add(
      "another factor", [.integer(0), .integer(1)], "logit_scale", "embedding_scale",
      "residual_scale")
    add("inputs for each layer", [.integer(0)], "embedding_length_per_layer_input")
    add("a cap", [.integer(0)], "final_logit_softcapping")
    add("another sum", [.bool(false)], "use_parallel_residual", "swin_norm")
    add(
      "another order of rows", [.string("Meta AI original pth"), .string("jploski")],
      "tensor_data_layout")
    add("positions of several kinds", [.integer(0)], "rope.dimension_sections")
    add("another YaRN", [.integer(-1), .integer(1)], "rope.scaling.yarn_ext_factor")
    add(
      "another YaRN", [.integer(1)], "rope.scaling.yarn_attn_factor", "rope.scaling.yarn_beta_slow")
    add("another YaRN", [.integer(32)], "rope.scaling.yarn_beta_fast")
    add("another scaling", [.integer(0)], "rope.scaling.yarn_log_multiplier", "rope.scaling.alpha")
    return keys
  }()
}

extension GGUFArchitecture {
  /// Refuses what no table knows, and what would change what is computed.
  func check(_ metadata: GGUFMetadata) throws(SparrowError) {
    let kind = try metadata.string("general.type", default: "model")
    guard kind == "model" else {
      throw SparrowError(
        .unsupported, file: metadata.file, field: "general.type", found: "'\(kind)'",
        expected: "'model'")
    }
    for key in metadata.keys where key.hasPrefix(name + ".") {
      let suffix = String(key.dropFirst(name.count + 1))
      guard !reads.contains(suffix), !GGUFKeys.silent.contains(suffix), let value = metadata[key]
      else { continue }
      guard let (reason, values) = GGUFKeys.neutral[suffix] else {
        throw SparrowError(
          .unsupported, file: metadata.file, field: key,
          found: "\(value.brief) in a key without a meaning",
          expected: "only keys that \(name) is computed by")
      }
      guard values.contains(where: value.holds) else {
        throw SparrowError(
          .unsupported, file: metadata.file, field: key, found: "\(value.brief): \(reason)",
          expected: values[0].brief)
      }
    }
  }
}

extension GGUFValue {
  /// Whether the value, or each of an array, is `other`.
  func holds(_ other: GGUFValue) -> Bool {
    switch (self, other) {
    case (.bool(let a), .bool(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.numbers(let all), _):
      (0..<all.count).allSatisfy { all.double(at: $0) == other.number }
    default: number != nil && number == other.number
    }
  }

  private var number: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The value for a message.
  var brief: String {
    switch self {
    case .bool(let bool): "\(bool)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(Float(number))"
    case .string(let string): "'\(string.prefix(60))'"
    default: typeName
    }
  }
}
