package import SparrowCore

extension ModelConfiguration {
  /// A `config.json` of this model for transformers, without its tokens and element type.
  ///
  /// `hasBias` says which biases the weights have. Throws `.unsupported` for what transformers'
  /// class of the architecture cannot compute.
  package func huggingFaceConfig(
    hasBias: (WeightRole.Kind) -> Bool, file: String
  ) throws(SparrowError) -> [(key: String, value: JSON)] {
    let layer = layers[0]
    guard layers.allSatisfy({ $0.feedForward == layer.feedForward }) else {
      throw SparrowError(
        .unsupported, file: file, field: "feed-forward networks", found: "different ones",
        expected: "the same in all layers")
    }
    return architecture == "gpt2"
      ? gpt2Fields : try rotaryFields(hasBias: hasBias, file: file)
  }

  /// The field of a `config.json` in which the family's class looks for the activation.
  package var huggingFaceActivationField: String {
    switch architecture {
    case "gpt2", "opt": "activation_function"
    case "gemma2", "gemma3": "hidden_activation"
    default: "hidden_act"
    }
  }

  private var gpt2Fields: [(key: String, value: JSON)] {
    let layer = layers[0]
    let activation = layer.feedForward.activation
    return [
      ("architectures", ["GPT2LMHeadModel"]), ("model_type", "gpt2"),
      ("n_embd", .integer(hidden)), ("n_layer", .integer(layers.count)),
      ("n_head", .integer(layer.attention.heads)), ("n_positions", .integer(contextLength)),
      ("n_inner", .integer(layer.feedForward.width)), ("vocab_size", .integer(vocabulary)),
      (huggingFaceActivationField, .string(activation.checkpointName)),
      ("layer_norm_epsilon", Self.shortest(layer.norm.epsilon)),
      ("tie_word_embeddings", .bool(tiedHead)),
    ]
  }

  private func rotaryFields(
    hasBias: (WeightRole.Kind) -> Bool, file: String
  ) throws(SparrowError) -> [(key: String, value: JSON)] {
    let layer = layers[0]
    let attention = layer.attention
    let isGemma = architecture.hasPrefix("gemma")
    // Gemma 3's layers without a window turn by the base that `rope_theta` means.
    let global = layers.first { $0.attention.window == 0 } ?? layer
    guard let (name, type) = Self.classes[architecture], let rotary = global.attention.rotary else {
      throw SparrowError(
        .unsupported, file: file, field: "architecture", found: "'\(architecture)'",
        expected: "gpt2, " + Self.classes.keys.sorted().joined(separator: ", "))
    }
    var fields: [(key: String, value: JSON)] = [
      ("architectures", [.string(name)]), ("model_type", .string(type)),
      ("hidden_size", .integer(hidden)), ("intermediate_size", .integer(layer.feedForward.width)),
      ("num_hidden_layers", .integer(layers.count)),
      ("num_attention_heads", .integer(attention.heads)),
      ("num_key_value_heads", .integer(attention.keyValueHeads)),
      ("head_dim", .integer(attention.headDimension)), ("vocab_size", .integer(vocabulary)),
      ("max_position_embeddings", .integer(contextLength)),
      ("rms_norm_eps", Self.shortest(layer.norm.epsilon)),
      (huggingFaceActivationField, .string(layer.feedForward.activation.checkpointName)),
      ("tie_word_embeddings", .bool(tiedHead)),
    ]
    // Qwen 2 has no such field: its queries, keys and values always have biases.
    if architecture != "qwen2" { fields.append(("attention_bias", .bool(hasBias(.queryBias)))) }
    if architecture == "llama" { fields.append(("mlp_bias", .bool(hasBias(.upBias)))) }
    fields += try rotary.huggingFaceFields(file: file)
    if isGemma {
      fields += gemmaFields
    } else if layers.contains(where: { $0.attention.window > 0 }) {
      throw SparrowError(
        .unsupported, file: file, field: "sliding_window", found: "a window",
        expected: "Gemma, or none")
    }
    return fields
  }

  private var gemmaFields: [(key: String, value: JSON)] {
    let attention = layers[0].attention
    let exact = 1 / Double(attention.scale * attention.scale)
    let whole = exact.rounded()
    var fields: [(key: String, value: JSON)] = [
      (
        "query_pre_attn_scalar",
        inverseRoot(whole) == attention.scale ? .integer(Int(whole)) : .number(exact)
      ),
      ("attn_logit_softcapping", attention.softcap > 0 ? Self.shortest(attention.softcap) : .null),
      ("final_logit_softcapping", logitSoftcap > 0 ? Self.shortest(logitSoftcap) : .null),
      (
        "layer_types",
        .array(
          layers.map { $0.attention.window > 0 ? "sliding_attention" : "full_attention" })
      ),
    ]
    if let sliding = layers.first(where: { $0.attention.window > 0 })?.attention {
      fields.append(("sliding_window", .integer(sliding.window)))
      if architecture == "gemma3", let rotary = sliding.rotary {
        fields.append(("rope_local_base_freq", .number(rotary.base)))
      }
    }
    return fields
  }

  /// Transformers' class and its `model_type`.
  private static let classes = [
    "llama": ("LlamaForCausalLM", "llama"), "qwen2": ("Qwen2ForCausalLM", "qwen2"),
    "qwen3": ("Qwen3ForCausalLM", "qwen3"), "gemma2": ("Gemma2ForCausalLM", "gemma2"),
    "gemma3": ("Gemma3ForCausalLM", "gemma3_text"),
  ]

  /// The number as people write it, 1e-05, not what float32 makes of it.
  private static func shortest(_ value: Float) -> JSON { .number(Double("\(value)") ?? 0) }
}
