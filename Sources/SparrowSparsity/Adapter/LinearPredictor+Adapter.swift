internal import SparrowCore
internal import SparrowFormats

extension LinearPredictor {
  /// Reads the maps whose tensors begin with `name`; only those with rank have a first one.
  init(
    _ fields: AdapterFields, _ tensors: Checkpoint, name: String, hasRank: Bool
  ) throws(SparrowError) {
    let coding = try fields.coding(PredictorMatrix.types)
    let b = try PredictorMatrix(tensors, name: name + ".b", coding: coding)
    self.init(
      a: hasRank ? try PredictorMatrix(tensors, name: name + ".a", coding: coding) : nil, b: b,
      bias: try tensors.values(name + ".bias", .f32, shape: [b.rows], as: Float.self))
  }

  /// What `adapter.json` says of it.
  var jsonMembers: [(String, JSON)] { [("coding", .string(b.type.rawValue))] }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    if let a { try a.add(to: &writer, name: name + ".a") }
    try b.add(to: &writer, name: name + ".b")
    try writer.add(name: name + ".bias", shape: [bias.count], floats: bias)
  }
}
