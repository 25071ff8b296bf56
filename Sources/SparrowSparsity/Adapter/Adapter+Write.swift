public import SparrowCore
internal import SparrowFormats

extension Adapter {
  /// The names of an adapter's files in its folder.
  static let planName = "adapter.json"
  static let tensorsName = "adapter.safetensors"

  /// Writes the adapter's folder, whole or not at all; an older adapter there is replaced.
  ///
  /// Throws `.system` for what cannot be written and where the folder holds other files,
  /// `.malformed` for an adapter that `read` would refuse.
  public func write(to folder: String) throws(SparrowError) {
    try validateFields(file: folder)
    if let head = plan.head {
      try head.plan.validate(file: folder)
      try head.sketch.validate(file: folder)
    }
    for (layer, plan) in plan.networks {
      try plan.validateWritable(file: folder, name: SparsePlan.networkName(layer))
    }
    for (layer, plan) in plan.attention {
      try plan.validateWritable(file: folder, name: SparsePlan.attentionName(layer))
    }
    for (layer, plan) in plan.inputs {
      try plan.validate(file: folder, name: SparsePlan.inputsName(layer))
    }
    try validateUpdates(file: folder)
    let place = try AtomicFolder(path: folder, names: Self.fileNames)
    try tensors().write(to: place.temporary + "/" + Self.tensorsName)
    var file = try AtomicFile(path: place.temporary + "/" + Self.planName)
    try file.write(Array((json.text(indent: 2) + "\n").utf8))
    try file.commit()
    try place.commit()
  }

  /// Throws what writing an adapter to `folder` would throw, before the work that makes one.
  public static func check(place folder: String) throws(SparrowError) {
    try AtomicFolder.check(path: folder, names: fileNames)
  }

  private static let fileNames = [planName, tensorsName]

  /// What `adapter.json` holds.
  private var json: JSON {
    .object([
      ("version", .integer(Self.version)),
      ("base", ["hash": .string(baseHash), "name": .string(baseName)]),
      ("head", plan.head.map { Self.json($0.plan, $0.sketch) } ?? .null),
      ("layers", plan.layersJSON),
      ("widest_batch", BatchLimit.json(plan.widestBatch)),
      ("updates", updatesJSON),
      ("vectors", vectorsJSON),
    ])
  }

  private static func json(_ plan: VocabularyPlan, _ sketch: RowSketch) -> JSON {
    .object(
      [
        ("predictor", "sketch"),
        ("candidates", .integer(plan.candidates)),
        ("kept", .integer(plan.kept)),
        ("doubt", .number(Double(plan.doubt))),
        ("widest_batch", BatchLimit.json(plan.widestBatch)),
        (
          "recalls",
          .array(
            plan.recalls.map {
              ["doubt": .number(Double($0.doubt)), "recall": .number(Double($0.recall))]
            })
        ),
      ] + sketch.jsonMembers)
  }

  private func tensors() throws(SparrowError) -> SafetensorsWriter {
    var writer = SafetensorsWriter()
    if let sketch = plan.head?.sketch { try sketch.add(to: &writer, name: "head") }
    for (layer, plan) in plan.networks.sorted(by: { $0.key < $1.key }) {
      try plan.add(to: &writer, name: SparsePlan.networkName(layer))
    }
    for (layer, plan) in plan.attention.sorted(by: { $0.key < $1.key }) {
      try plan.add(to: &writer, name: SparsePlan.attentionName(layer))
    }
    try addUpdates(to: &writer)
    return writer
  }
}
