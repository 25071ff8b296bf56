internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats

extension RowSketch {
  /// Reads the sketch whose fields these are and whose tensors begin with `name`.
  init(
    _ fields: AdapterFields, tensors: Checkpoint, name: String
  ) throws(SparrowError) {
    // The bounds keep every product of sizes far from overflow.
    let rowCount = try fields.integer("rows", in: 1...1 << 30)
    let hidden = try fields.integer("hidden", in: 32...1 << 20)
    guard hidden % 32 == 0 else {
      throw SparrowError(
        .malformed, file: fields.file, field: name + ".hidden", found: "\(hidden)",
        expected: "a multiple of 32")
    }
    let blocks = (rowCount + RowSketch.blockRows - 1) / RowSketch.blockRows
    let bounds = try tensors.values(name + ".bounds", .i32, shape: [nil], as: Int32.self)
    let pairs = bounds.count / 2
    guard let last = bounds.last, (1...Int32(hidden)).contains(last) else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name + ".bounds",
        found: bounds.last.map { "an end of \($0)" } ?? "no numbers",
        expected: "an end of 1 to \(hidden)")
    }
    let coding = try fields.sketchCoding("coding")
    self.init(
      rowCount: rowCount, hidden: hidden,
      mean: try tensors.values(name + ".mean", .f32, shape: [hidden], as: Float.self),
      meanRow: try tensors.values(name + ".mean_row", .f32, shape: [hidden], as: Float.self),
      basis: try tensors.values(
        name + ".basis", .u8, shape: [nil, hidden / 32 * 34], as: UInt8.self),
      bounds: bounds.map { Int(Int32(littleEndian: $0)) }, centroids: [], codes: [],
      bias: try tensors.values(
        name + ".bias", .f16, shape: [blocks * RowSketch.blockRows], as: UInt16.self),
      deviation: try fields.float("deviation"))
    if let type = coding.type {
      let rowBytes = type.byteCount(elements: Int(last) / 32 * 32) ?? 0
      rows = SketchRows(
        coding: coding, directions: Int(last),
        bytes: try tensors.values(
          name + ".rows", .u8, shape: [rowCount, rowBytes], as: UInt8.self))
      return
    }
    centroids = try tensors.values(
      name + ".centroids", .f32, shape: [16 * Int(last)], as: Float.self)
    codes = try tensors.values(
      name + ".codes", .u8, shape: [blocks, pairs, RowSketch.blockRows], as: UInt8.self)
  }

  /// What `adapter.json` says of it.
  var jsonMembers: [(String, JSON)] {
    [
      ("coding", .string((rows?.coding ?? .product).rawValue)),
      ("rows", .integer(rowCount)), ("hidden", .integer(hidden)),
      ("deviation", .number(Double(deviation))),
    ]
  }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    try writer.add(name: name + ".mean", shape: [hidden], floats: mean)
    try writer.add(name: name + ".mean_row", shape: [hidden], floats: meanRow)
    try writer.add(
      name: name + ".basis", type: .u8, shape: [basisRows, basisRowBytes], bytes: basis)
    try writer.add(
      name: name + ".bounds", type: .i32, shape: [bounds.count],
      bytes: rawBytes(bounds.map { Int32($0).littleEndian }))
    try writer.add(
      name: name + ".bias", type: .f16, shape: [bias.count],
      bytes: rawBytes(bias))
    if let rows {
      try writer.add(
        name: name + ".rows", type: .u8, shape: [rowCount, rows.rowBytes], bytes: rows.bytes)
      return
    }
    try writer.add(name: name + ".centroids", shape: [centroids.count], floats: centroids)
    try writer.add(
      name: name + ".codes", type: .u8, shape: [blocks, pairs, Self.blockRows], bytes: codes)
  }
}

extension AdapterFields {
  /// How a sketch keeps rows.
  func sketchCoding(_ name: String) throws(SparrowError) -> SketchCoding {
    let kind = try string(name)
    guard let coding = SketchCoding(rawValue: kind) else {
      throw unknown(name, kind, SketchCoding.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return coding
  }
}

extension SketchRows {
  /// Reads rows of whole blocks from the tensor `name`.
  init(_ coding: SketchCoding, tensors: Checkpoint, name: String) throws(SparrowError) {
    let bytes = try tensors.values(name, .u8, shape: [nil, nil], as: UInt8.self)
    let rowBytes = tensors[name]?.shape.last ?? 0
    guard let type = coding.type, rowBytes % type.blockBytes == 0 else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name, found: "rows of \(rowBytes) bytes",
        expected: "whole blocks in \(coding.rawValue)")
    }
    self.init(
      coding: coding, directions: rowBytes / type.blockBytes * type.blockElements, bytes: bytes)
  }
}
