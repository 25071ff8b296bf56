package import SparrowCore
package import SparrowFormats

extension WeightBinding {
  /// The tensors of the checkpoint that have roles, as they lie there, in its order.
  package var storedTensors: [StoredTensor] {
    var parts: [String: [WeightRole]] = [:]
    for role in roles { parts[matrix(role).entry.name, default: []].append(role) }
    return checkpoint.tensors.compactMap { entry in
      guard let roles = parts[entry.name] else { return nil }
      let first = roles.min { matrix($0).rows.lowerBound < matrix($1).rows.lowerBound }!
      return StoredTensor(
        name: entry.name, shape: entry.shape,
        roles: roles.sorted { matrix($0).rows.lowerBound < matrix($1).rows.lowerBound },
        transposed: matrix(first).transposed)
    }
  }

  /// The tensors of a Hugging Face folder that belong to other parts of it (the vision tower of Gemma 3).
  package var otherTensors: [TensorEntry] {
    let prefixes = WeightNames.huggingFace(architecture: configuration.architecture).ignoredPrefixes
    return checkpoint.tensors.filter { prefixes.contains(where: $0.name.hasPrefix) }
  }

  /// The tensors of a GGUF file as transformers names, shapes and orders them.
  ///
  /// Queries and keys that GGUF keeps in pairs get their halves back, Gemma's norms lose the 1 that GGUF
  /// adds, and GPT-2's matrices are transposed. Throws `.unsupported` for biases that the architecture
  /// has not in transformers, or lacks though it has them there.
  package func huggingFaceTensors() throws(SparrowError) -> [StoredTensor] {
    try checkBiases()
    let architecture = configuration.architecture
    let names = WeightNames.huggingFace(architecture: architecture)
    var tensors: [StoredTensor] = []
    var fused: Set<String> = []
    for role in roles {
      guard let name = names[role.kind] else {
        throw SparrowError(
          .unsupported, file: checkpoint.path, field: matrix(role).entry.name,
          found: "the \(role)", expected: "what transformers' \(architecture) has")
      }
      let bare = name.pattern.replacing("{}", with: role.layer.map(String.init) ?? "")
      guard fused.insert(bare).inserted else { continue }
      let members =
        name.parts == 1
        ? [role]
        : roles.filter { $0.layer == role.layer && names[$0.kind]?.pattern == name.pattern }
      let source = matrix(role)
      let rows = members.reduce(0) { $0 + matrix($1).rows.count }
      let isTransposed = names.transposed && source.isMatrix && role.layer != nil
      var tensor = StoredTensor(
        name: role.kind == .head ? bare : names.prefixes[0] + bare,
        shape: !source.isMatrix
          ? [rows] : isTransposed ? [source.columns, rows] : [rows, source.columns],
        roles: members, transposed: isTransposed)
      tensor.pairedHead = try pairedHead(role)
      if architecture.hasPrefix("gemma"), role.kind.isNormWeight { tensor.offset = -1 }
      tensors.append(tensor)
    }
    return tensors
  }

  /// The size of the heads that a role's rows are, where they turn in neighbouring pairs.
  private func pairedHead(_ role: WeightRole) throws(SparrowError) -> Int? {
    guard let layer = role.layer, [.query, .queryBias, .key, .keyBias].contains(role.kind),
      case let attention = configuration.layers[layer].attention,
      let rotary = attention.rotary, rotary.interleaved
    else { return nil }
    guard rotary.dimension == attention.headDimension else {
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: matrix(role).entry.name,
        found: "\(rotary.dimension) of \(attention.headDimension) elements turn",
        expected: "whole heads")
    }
    return rotary.dimension
  }

  /// Transformers' classes have all biases of a place or none.
  private func checkBiases() throws(SparrowError) {
    let attention: [WeightRole.Kind] = [.query, .key, .value, .output]
    let network: [WeightRole.Kind] = [.gate, .up, .down]
    let norms: [WeightRole.Kind] = [.finalNorm, .attentionNorm, .feedForwardNorm]
    let hasBias = self[WeightRole(.queryBias, layer: 0)] != nil
    var biased: Set<WeightRole.Kind> = []
    switch configuration.architecture {
    case "gpt2": biased = Set(attention + network + norms)
    case "qwen2": biased = [.query, .key, .value]
    case "llama":
      if hasBias { biased = Set(attention) }
      if self[WeightRole(.upBias, layer: 0)] != nil { biased.formUnion(network) }
    default: if hasBias { biased = Set(attention) }
    }
    for role in roles {
      guard let kind = role.kind.bias else { continue }
      let found = self[WeightRole(kind, layer: role.layer)] != nil
      guard found == biased.contains(role.kind) else {
        throw SparrowError(
          .unsupported, file: checkpoint.path, field: matrix(role).entry.name,
          found: found ? "a bias" : "no bias",
          expected: "biases as transformers' \(configuration.architecture) has them")
      }
    }
  }
}
