public import SparrowCore
internal import SparrowFormats

extension Adapter {
  /// The names of an adapter's files in its folder.
  static let planName = "adapter.json"
  static let tensorsName = "adapter.safetensors"

  /// Writes the adapter's folder, whole or not at all; an older adapter there is replaced.
  ///
  /// Throws `.system` for what cannot be written and where the folder holds other files, `.malformed` for
  /// an adapter that `read` would refuse.
  public func write(to folder: String) throws(SparrowError) {
    if let head {
      try head.plan.validate(file: folder)
      try head.sketch.validate(file: folder)
    }
    let place = try AtomicFolder(path: folder, names: [Self.planName, Self.tensorsName])
    try tensors().write(to: place.temporary + "/" + Self.tensorsName)
    var file = try AtomicFile(path: place.temporary + "/" + Self.planName)
    try file.write(Array((json.text(indent: 2) + "\n").utf8))
    try file.commit()
    try place.commit()
  }

  /// What `adapter.json` holds.
  private var json: JSON {
    .object([
      ("version", .integer(Self.version)),
      ("base", ["hash": .string(baseHash), "name": .string(baseName)]),
      ("head", head.map { Self.json($0.plan, $0.sketch) } ?? .null),
    ])
  }

  private static func json(_ plan: HeadPlan, _ sketch: RowSketch) -> JSON {
    .object([
      ("predictor", "sketch"),
      ("coding", .string((sketch.rows?.coding ?? .product).rawValue)),
      ("candidates", .integer(plan.candidates)),
      ("kept", .integer(plan.kept)),
      ("doubt", .number(Double(plan.doubt))),
      (
        "recalls",
        .array(
          plan.recalls.map {
            ["doubt": .number(Double($0.doubt)), "recall": .number(Double($0.recall))]
          })
      ),
      ("vocabulary", .integer(sketch.rowCount)),
      ("hidden", .integer(sketch.hidden)),
      ("deviation", .number(Double(sketch.deviation))),
    ])
  }

  private func tensors() throws(SparrowError) -> SafetensorsWriter {
    var writer = SafetensorsWriter()
    guard let sketch = head?.sketch else { return writer }
    try writer.add(name: "head.mean", shape: [sketch.hidden], floats: sketch.mean)
    try writer.add(name: "head.mean_row", shape: [sketch.hidden], floats: sketch.meanRow)
    try writer.add(
      name: "head.basis", type: .u8, shape: [sketch.hidden, sketch.hidden / 32 * 34],
      bytes: sketch.basis)
    try writer.add(
      name: "head.bounds", type: .i32, shape: [sketch.bounds.count],
      bytes: Self.bytes(sketch.bounds.map { Int32($0).littleEndian }))
    try writer.add(
      name: "head.bias", type: .f16, shape: [sketch.bias.count], bytes: Self.bytes(sketch.bias))
    if let rows = sketch.rows {
      try writer.add(
        name: "head.rows", type: .u8, shape: [sketch.rowCount, rows.rowBytes], bytes: rows.bytes)
      return writer
    }
    try writer.add(
      name: "head.centroids", shape: [sketch.centroids.count], floats: sketch.centroids)
    try writer.add(
      name: "head.codes", type: .u8, shape: [sketch.blocks, sketch.pairs, RowSketch.blockRows],
      bytes: sketch.codes)
    return writer
  }

  private static func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}
