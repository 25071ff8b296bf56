internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats
internal import SparrowTransformer

// An entry of "updates" in adapter.json is {"role": "gate", "layer": 3, "coding": "f16", "scale":
// 2}, with the tensors "updates.layers.3.gate.a" and ".b"; an entry of "vectors" has the role
// alone, with the tensor "vectors.layers.3.attentionNorm". Matrices of the whole model have neither
// layer nor "layers.3.".

extension Adapter {
  /// The low-rank updates; an adapter without "updates" has none.
  static func matrices(
    _ fields: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> [WeightRole: LowRankUpdate] {
    try byRole(fields, "updates") { own, role throws(SparrowError) in
      let name = WeightUpdates.matrixName(role)
      let coding = try own.coding(LowRankUpdate.types)
      let update = LowRankUpdate(
        a: try PredictorMatrix(tensors, name: name + ".a", coding: coding),
        b: try PredictorMatrix(tensors, name: name + ".b", coding: coding),
        scale: try own.float("scale"))
      try update.validate(file: tensors.path, name: name)
      return update
    }
  }

  /// The replaced norm weights and biases; an adapter without "vectors" has none.
  static func vectors(
    _ fields: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> [WeightRole: [Float]] {
    try byRole(fields, "vectors") { _, role throws(SparrowError) in
      let name = WeightUpdates.vectorName(role)
      guard let entry = tensors[name], entry.shape.count == 1 else {
        throw SparrowError(
          .malformed, file: tensors.path, field: name,
          found: tensors[name].map { "shape \($0.shape)" } ?? "no such tensor",
          expected: "a vector")
      }
      let values = try tensors.floats(entry)
      try validate(vector: values, file: tensors.path, name: name)
      return values
    }
  }

  /// The entries of a list, each of which names a role of its own.
  private static func byRole<T>(
    _ fields: AdapterFields, _ list: String,
    _ read: (AdapterFields, WeightRole) throws(SparrowError) -> T
  ) throws(SparrowError) -> [WeightRole: T] {
    var found: [WeightRole: T] = [:]
    for entry in try fields.optionalList(list) {
      let kind = try entry.string("role")
      guard let known = WeightRole.Kind(rawValue: kind) else {
        throw entry.unknown(
          "role", kind, WeightRole.Kind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      let role = WeightRole(known, layer: try entry.optionalInteger("layer", in: layerNumbers))
      guard found.updateValue(try read(entry, role), forKey: role) == nil else {
        throw SparrowError(
          .malformed, file: fields.file, field: list, found: "the \(role) twice", expected: "once")
      }
    }
    return found
  }

  /// Throws for updates and vectors that `read` would refuse.
  func validateUpdates(file: String) throws(SparrowError) {
    for (role, update) in updates.matrices {
      try Self.validate(role, "updates", file: file)
      try update.validate(file: file, name: WeightUpdates.matrixName(role))
    }
    for (role, values) in updates.vectors {
      try Self.validate(role, "vectors", file: file)
      try Self.validate(vector: values, file: file, name: WeightUpdates.vectorName(role))
    }
    for (list, count) in [
      ("updates", updates.matrices.count), ("vectors", updates.vectors.count),
    ] {
      try SparrowError.require(
        count, in: 0...AdapterFields.longestList, list, kind: .malformed, file: file)
    }
  }

  private static func validate(
    _ role: WeightRole, _ list: String, file: String
  ) throws(SparrowError) {
    try SparrowError.require(
      role.layer ?? 0, in: layerNumbers, list, kind: .malformed, file: file)
  }

  private static func validate(
    vector: [Float], file: String, name: String
  ) throws(SparrowError) {
    guard vector.allSatisfy(\.isFinite) else {
      throw SparrowError(
        .malformed, file: file, field: name, found: "a number that is not finite",
        expected: "finite ones")
    }
  }

  /// The entries of "updates" and "vectors", in the order of their tensors' names.
  var updatesJSON: JSON {
    .array(
      updates.matrices.sorted {
        WeightUpdates.matrixName($0.key) < WeightUpdates.matrixName($1.key)
      }.map { role, update in
        .object(
          Self.members(role) + [
            ("coding", .string(update.a.type.rawValue)), ("scale", .number(Double(update.scale))),
          ])
      })
  }

  var vectorsJSON: JSON {
    .array(
      updates.vectors.keys.sorted { WeightUpdates.vectorName($0) < WeightUpdates.vectorName($1) }
        .map { .object(Self.members($0)) })
  }

  private static func members(_ role: WeightRole) -> [(String, JSON)] {
    [("role", .string(role.kind.rawValue))]
      + (role.layer.map { [("layer", .integer($0))] } ?? [])
  }

  func addUpdates(to writer: inout SafetensorsWriter) throws(SparrowError) {
    for (role, update) in updates.matrices {
      try update.a.add(to: &writer, name: WeightUpdates.matrixName(role) + ".a")
      try update.b.add(to: &writer, name: WeightUpdates.matrixName(role) + ".b")
    }
    for (role, values) in updates.vectors {
      try writer.add(name: WeightUpdates.vectorName(role), shape: [values.count], floats: values)
    }
  }
}
