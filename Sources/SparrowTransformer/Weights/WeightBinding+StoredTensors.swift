package import SparrowCore
package import SparrowFormats

extension WeightBinding {
  /// The tensors of the checkpoint that have roles, as they lie there, in its order.
  package var storedTensors: [StoredTensor] {
    var parts: [String: [WeightRole]] = [:]
    for role in roles where configuration.storedRole(of: role) == role {
      parts[matrix(role).entry.name, default: []].append(role)
    }
    return checkpoint.tensors.compactMap { entry in
      guard let roles = parts[entry.name] else { return nil }
      let sorted = roles.sorted { matrix($0).rows.first < matrix($1).rows.first }
      let first = matrix(sorted[0])
      return StoredTensor(
        name: entry.name, shape: entry.shape, roles: sorted, turns: first.rows.runs,
        transposed: first.transposed)
    }
  }

  /// The tensors of a Hugging Face folder that belong to other parts of it (the vision tower of
  /// Gemma 3).
  package var otherTensors: [TensorEntry] {
    let prefixes = WeightNames.huggingFace(configuration).ignoredPrefixes
    return checkpoint.tensors.filter { prefixes.contains(where: $0.name.hasPrefix) }
  }

  /// The tensors of a GGUF file as transformers names, shapes and orders them.
  ///
  /// Queries and keys that GGUF keeps in pairs get their halves back, Gemma's norms lose the 1 that
  /// GGUF adds, and GPT-2's matrices are transposed. Throws `.unsupported` for biases that the
  /// architecture has not in transformers, or lacks though it has them there.
  package func huggingFaceTensors() throws(SparrowError) -> [StoredTensor] {
    try checkBiases()
    var tensors = try configuration.huggingFaceTensors(roles, file: checkpoint.path)
    for index in tensors.indices {
      let role = tensors[index].roles[0]
      tensors[index].pairedHead = try pairedHead(role)
      if configuration.architecture.hasPrefix("gemma"), role.kind.isNormWeight {
        tensors[index].offset = -1
      }
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
    let biased = configuration.biasedKinds(
      attention: self[WeightRole(.queryBias, layer: 0)] != nil,
      network: self[WeightRole(.upBias, layer: 0)] != nil)
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
