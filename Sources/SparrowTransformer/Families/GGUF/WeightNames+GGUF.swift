extension WeightNames {
  /// GGUF names: the same for most architectures, with the biases that each may have.
  static func gguf(_ model: ModelConfiguration) -> WeightNames {
    var table = WeightNames([
      (.tokenEmbedding, "token_embd"), (.positionEmbedding, "position_embd"),
      (.finalNorm, "output_norm"), (.head, "output"),
      (.attentionNorm, "blk.{}.attn_norm"), (.query, "blk.{}.attn_q"),
      (.key, "blk.{}.attn_k"), (.value, "blk.{}.attn_v"), (.queryNorm, "blk.{}.attn_q_norm"),
      (.keyNorm, "blk.{}.attn_k_norm"), (.output, "blk.{}.attn_output"),
      (.postAttentionNorm, "blk.{}.post_attention_norm"),
      (.feedForwardNorm, "blk.{}.ffn_norm"), (.gate, "blk.{}.ffn_gate"),
      (.up, "blk.{}.ffn_up"), (.down, "blk.{}.ffn_down"),
      (.postFeedForwardNorm, "blk.{}.post_ffw_norm"),
    ])
    table.names[.layerScale] = Name(pattern: "blk.{}.layer_output_scale.weight")
    table.ignoredSuffixes = []
    guard let row = GGUFArchitecture.named(model.architecture) else { return table }
    for (members, stem) in row.fused { table.fuse(members, stem) }
    // Falcon 40B calls the network's norm what others call attention's.
    if row.name == "falcon", model.layers.first?.placement == .parallel {
      table.add(.attentionNorm, "blk.{}.attn_norm_2")
      table.add(.feedForwardNorm, "blk.{}.attn_norm")
    }
    for kind in WeightRole.Kind.allCases where !row.biases.contains(kind) {
      if let bias = kind.bias { table.names[bias] = nil }
    }
    table.ignoredSuffixes = row.rotationTensors
    return table
  }
}
