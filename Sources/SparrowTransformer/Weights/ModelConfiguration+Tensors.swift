package import SparrowCore

extension ModelConfiguration {
  /// The tensors of a new model's folder, as transformers names, shapes and orders them.
  ///
  /// The two say whether the matrices of attention and network have biases, in families that leave
  /// it open.
  package func newTensors(
    attentionBias: Bool, networkBias: Bool
  ) throws(SparrowError) -> [StoredTensor] {
    let biases = Set(
      biasedKinds(attention: attentionBias, network: networkBias).compactMap(\.bias))
    let roles = expectedWeights.filter {
      $0.presence == .required || biases.contains($0.role.kind)
    }
    return try huggingFaceTensors(roles.map(\.role), file: architecture)
  }

  /// The tensors that transformers keeps these roles in. Throws `.unsupported` for a role that the
  /// architecture has not there.
  func huggingFaceTensors(
    _ roles: [WeightRole], file: String
  ) throws(SparrowError) -> [StoredTensor] {
    let names = WeightNames.huggingFace(self)
    let shapes = Dictionary(expectedWeights.map { ($0.role, $0.shape) }) { first, _ in first }
    let layouts = FusedLayouts(self, names)
    var tensors: [StoredTensor] = []
    var fused: Set<String> = []
    for role in roles where storedRole(of: role) == role {
      guard let name = names[role.kind], let shape = shapes[role] else {
        throw SparrowError(
          .unsupported, file: file, field: "\(role)", found: "such a tensor",
          expected: "what transformers' \(architecture) has")
      }
      let bare = name.pattern.replacing("{}", with: role.layer.map(String.init) ?? "")
      guard fused.insert(bare).inserted else { continue }
      let members = roles.filter { $0.layer == role.layer && name.members.contains($0.kind) }
      let layout = layouts[role]
      var stored = [layout?.total ?? shape[0]] + shape.dropFirst()
      let isHeadNorm = role.kind == .queryNorm || role.kind == .keyNorm
      if isHeadNorm, let attention = role.layer.map({ layers[$0].attention }),
        attention.headNormSpan == .ownHead
      {
        stored = [shape[0] / attention.headDimension, attention.headDimension]
      }
      let isTransposed = names.transposed && shape.count == 2 && role.layer != nil
      tensors.append(
        StoredTensor(
          name: role.kind == .head ? bare : names.prefixes[0] + bare,
          shape: isTransposed ? stored.reversed() : stored,
          roles: members.isEmpty ? [role] : members, turns: layout?.rows.runs ?? 1,
          transposed: isTransposed))
    }
    return tensors
  }

  /// The role under whose name a checkpoint keeps a role's tensor: its own but for values that are
  /// keys.
  package func storedRole(of role: WeightRole) -> WeightRole {
    guard let layer = role.layer, layers[layer].attention.valuesAreKeys else { return role }
    return switch role.kind {
    case .value: WeightRole(.key, layer: layer)
    case .valueBias: WeightRole(.keyBias, layer: layer)
    default: role
    }
  }

  /// The matrices and norms that have biases in transformers' class of the architecture.
  func biasedKinds(attention hasAttention: Bool, network hasNetwork: Bool) -> Set<WeightRole.Kind> {
    let attention: [WeightRole.Kind] = [.query, .key, .value, .output]
    let network: [WeightRole.Kind] = [.gate, .up, .down]
    let norms: [WeightRole.Kind] = [
      .embeddingNorm, .finalNorm, .attentionNorm, .feedForwardNorm,
    ]
    switch architecture {
    case "bert", "gpt2", "opt": return Set(attention + network + norms)
    case "qwen2": return [.query, .key, .value]
    case "falcon", "gptneox", "starcoder2":
      return Set((hasAttention ? attention : []) + (hasNetwork ? network : []) + norms)
    case "granite", "llama", "smollm3":
      return Set((hasAttention ? attention : []) + (hasNetwork ? network : []))
    default: return hasAttention ? Set(attention) : []
    }
  }
}
