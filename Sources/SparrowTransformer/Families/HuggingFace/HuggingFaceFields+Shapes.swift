import SparrowCore

/// What several families read alike.
extension HuggingFaceFields {
  /// The `model_type` of the family that reads.
  var type: String { family?.type ?? "" }

  func keyValueHeads(heads: Int) throws(SparrowError) -> Int {
    let count = try count("num_key_value_heads", heads)
    guard heads % count == 0 else {
      throw error(
        "num_key_value_heads", found: "\(count)", expected: "a divisor of \(heads) heads")
    }
    return count
  }

  func headDimension(hidden: Int, heads: Int) throws(SparrowError) -> Int {
    if let explicit = try optionalCount("head_dim") { return explicit }
    return try quotient(hidden, heads, "num_attention_heads")
  }

  /// The size of a head, where `field` says how many share the width.
  func quotient(_ hidden: Int, _ heads: Int, _ field: String) throws(SparrowError) -> Int {
    guard hidden % heads == 0 else {
      throw error(field, found: "\(heads)", expected: "a divisor of the width \(hidden)")
    }
    return hidden / heads
  }

  /// Attention whose heads share the width evenly, each with keys and values of its own; `field`
  /// says how many there are.
  func wholeAttention(
    _ hidden: Int, _ field: String
  ) throws(SparrowError) -> AttentionDescription {
    let heads = try count(field)
    let head = try quotient(hidden, heads, field)
    return AttentionDescription(
      heads: heads, keyValueHeads: heads, headDimension: head, scale: inverseRoot(Double(head)))
  }

  func repeating(
    _ layer: LayerDescription, _ field: String
  ) throws(SparrowError) -> [LayerDescription] {
    let count = try count(field)
    guard count <= 1024 else {
      throw error(field, found: "\(count)", expected: "at most 1024 layers")
    }
    return Array(repeating: layer, count: count)
  }

  /// Sets each layer's attention window from `layer_types`, or from what the class makes of null.
  func setWindows(of layers: inout [LayerDescription]) throws(SparrowError) {
    guard let slides = try slidingLayers(layers.count) else { return }
    var window: Int?
    let isOptional = type.hasPrefix("qwen") || type == "smollm3"
    if isOptional ? try flag("use_sliding_window") : true {
      window = try optionalCount("sliding_window")
    }
    for index in layers.indices where slides[index] {
      guard let window else {
        // These families' files switch the window off so; in others it is a contradiction.
        if ["mistral", "phi3", "starcoder2"].contains(type) { return }
        throw error("sliding_window", found: "nothing", expected: "a positive integer")
      }
      layers[index].attention.window = window
    }
  }

  /// Which layers have a window; nil in families without.
  private func slidingLayers(_ count: Int) throws(SparrowError) -> [Bool]? {
    switch type {
    case "mistral", "phi3", "starcoder2": return Array(repeating: true, count: count)
    case "smollm3":
      if let kinds = try layerTypes(count) { return kinds }
      guard try flag("use_sliding_window"), try optionalCount("sliding_window") != nil else {
        return nil
      }
      return try turningLayers(count).map { !$0 }
    case "cohere2":
      if let kinds = try layerTypes(count) { return kinds }
      let pattern = try self.count("sliding_window_pattern", 4)
      return (0..<count).map { ($0 + 1) % pattern != 0 }
    case "gemma4_text":
      var kinds = try layerTypes(count) ?? (0..<count).map { ($0 + 1) % 6 != 0 }
      // The class makes the last layer so, whatever a file says.
      kinds[count - 1] = false
      return kinds
    // Only so that layers without attention are refused by name.
    case "granitemoehybrid", "qwen3_5_text":
      guard try layerTypes(count) != nil else {
        throw unsupported(
          "layer_types", found: "nothing: layers of linear attention",
          expected: "full_attention in every layer")
      }
      return nil
    case "qwen2", "qwen3":
      if let kinds = try layerTypes(count) { return kinds }
      guard try flag("use_sliding_window"), try optionalCount("sliding_window") != nil else {
        return nil
      }
      let first = try self.count("max_window_layers")
      return (0..<count).map { $0 >= first }
    case "gemma2": return try layerTypes(count) ?? (0..<count).map { $0 % 2 == 0 }
    case "gemma3_text":
      if let kinds = try layerTypes(count) { return kinds }
      let pattern = try self.count("sliding_window_pattern", 6)
      return (0..<count).map { ($0 + 1) % pattern != 0 }
    default: return nil
    }
  }

  private func layerTypes(_ count: Int) throws(SparrowError) -> [Bool]? {
    guard let kinds = try strings("layer_types") else { return nil }
    guard kinds.count == count else {
      throw error("layer_types", found: "\(kinds.count) entries", expected: "\(count), one a layer")
    }
    var slides: [Bool] = []
    for kind in kinds {
      guard let known = LayerKind(rawValue: kind == "attention" ? "full_attention" : kind) else {
        let isLinear = kind == "linear_attention" || kind == "mamba"
        throw unsupported(
          "layer_types", found: "'\(kind)'\(isLinear ? ": linear attention" : "")",
          expected: "full_attention or sliding_attention")
      }
      slides.append(known == .slidingAttention)
    }
    return slides
  }

  /// Which of SmolLM3's layers know positions.
  func turningLayers(_ count: Int) throws(SparrowError) -> [Bool] {
    guard let flags = try numbers("no_rope_layers") else {
      let interval = try self.count("no_rope_layer_interval")
      return (0..<count).map { ($0 + 1) % interval != 0 }
    }
    guard flags.count >= count else {
      throw error(
        "no_rope_layers", found: "\(flags.count) entries", expected: "\(count), one a layer")
    }
    return flags.prefix(count).map { $0 != 0 }
  }
}

/// What `layer_types` calls a layer.
enum LayerKind: String {
  case fullAttention = "full_attention"
  case slidingAttention = "sliding_attention"
}
