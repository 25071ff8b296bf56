public import SparrowCore
internal import SparrowFormats

extension Adapter {
  /// Reads an adapter's folder.
  ///
  /// Throws `.system` for files that cannot be read, `.unsupported` for another version or predictor,
  /// `.malformed`, naming file and field, for whatever else is wrong.
  public static func read(_ folder: String) throws(SparrowError) -> Adapter {
    let plan = folder + "/" + planName
    let json = try JSON.parse(MappedFile(path: plan))
    let tensors = try Checkpoint.open(folder + "/" + tensorsName)
    return try Adapter(AdapterFields(json, file: plan), tensors: tensors)
  }

  /// Throws `.mismatch` unless the adapter was made for the model with this `Checkpoint.contentHash()`.
  public func check(base hash: String, name: String) throws(SparrowError) {
    guard hash == baseHash else {
      throw SparrowError(
        .mismatch, file: name, field: "adapter",
        found: "it was made for \(baseName.debugDescription) with weights \(baseHash.prefix(12))",
        expected: "one made for these weights, \(hash.prefix(12)); run sparrow calibrate")
    }
  }

  private init(_ fields: AdapterFields, tensors: Checkpoint) throws(SparrowError) {
    let version = try fields.integer("version", in: 0...Int(Int32.max))
    guard version == Self.version else {
      throw SparrowError(
        .unsupported, file: fields.file, field: "version", found: "\(version)",
        expected: "\(Self.version); calibrate again with this Sparrow")
    }
    guard let base = try fields.object("base") else { throw fields.missing("base") }
    baseHash = try base.string("hash")
    baseName = try base.string("name")
    guard baseHash.utf8.count == 64, baseHash.utf8.allSatisfy(isHexadecimal) else {
      throw SparrowError(
        .malformed, file: fields.file, field: "base.hash",
        found: String(baseHash.prefix(80)).debugDescription, expected: "64 hexadecimal digits")
    }
    guard let head = try fields.object("head") else {
      self.head = nil
      return
    }
    let predictor = try head.string("predictor")
    guard predictor == "sketch" else {
      throw SparrowError(
        .unsupported, file: fields.file, field: "head.predictor",
        found: String(predictor.prefix(80)).debugDescription, expected: "\"sketch\"")
    }
    let plan = try Self.plan(head)
    let sketch = try Self.sketch(head, tensors: tensors)
    try plan.validate(file: fields.file)
    try sketch.validate(file: tensors.path)
    self.head = (plan, sketch)
  }

  private static func plan(_ head: AdapterFields) throws(SparrowError) -> HeadPlan {
    var points: [HeadPlan.Point] = []
    for point in try head.list("recalls") {
      points.append(
        HeadPlan.Point(doubt: try point.float("doubt"), recall: try point.float("recall")))
    }
    return HeadPlan(
      candidates: try head.integer("candidates", in: 1...65536),
      kept: try head.integer("kept", in: 1...65536), doubt: try head.float("doubt"),
      recalls: points)
  }

  private static func sketch(
    _ head: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> HeadSketch {
    // The bounds keep every product of sizes far from overflow.
    let vocabulary = try head.integer("vocabulary", in: 1...1 << 30)
    let hidden = try head.integer("hidden", in: 32...1 << 20)
    guard hidden % 32 == 0 else {
      throw SparrowError(
        .malformed, file: head.file, field: "head.hidden", found: "\(hidden)",
        expected: "a multiple of 32")
    }
    let blocks = (vocabulary + HeadSketch.blockRows - 1) / HeadSketch.blockRows
    let bounds = try tensors.values("head.bounds", .i32, shape: [nil], as: Int32.self)
    let pairs = bounds.count / 2
    guard let last = bounds.last, (1...Int32(hidden)).contains(last) else {
      throw SparrowError(
        .malformed, file: tensors.path, field: "head.bounds",
        found: bounds.last.map { "an end of \($0)" } ?? "no numbers",
        expected: "an end of 1 to \(hidden)")
    }
    let name = try head.string("coding")
    guard let coding = SketchCoding(rawValue: name) else {
      throw SparrowError(
        .unsupported, file: head.file, field: "head.coding",
        found: String(name.prefix(80)).debugDescription,
        expected: SketchCoding.allCases.map(\.rawValue).joined(separator: ", "))
    }
    var sketch = HeadSketch(
      vocabulary: vocabulary, hidden: hidden,
      mean: try tensors.values("head.mean", .f32, shape: [hidden], as: Float.self),
      meanRow: try tensors.values("head.mean_row", .f32, shape: [hidden], as: Float.self),
      basis: try tensors.values(
        "head.basis", .u8, shape: [hidden, hidden / 32 * 34], as: UInt8.self),
      bounds: bounds.map { Int(Int32(littleEndian: $0)) }, centroids: [], codes: [],
      bias: try tensors.values(
        "head.bias", .f16, shape: [blocks * HeadSketch.blockRows], as: UInt16.self),
      deviation: try head.float("deviation"))
    if let type = coding.type {
      let rowBytes = type.byteCount(elements: Int(last) / 32 * 32) ?? 0
      sketch.rows = SketchRows(
        coding: coding, directions: Int(last),
        bytes: try tensors.values(
          "head.rows", .u8, shape: [vocabulary, rowBytes], as: UInt8.self))
      return sketch
    }
    sketch.centroids = try tensors.values(
      "head.centroids", .f32, shape: [16 * Int(last)], as: Float.self)
    sketch.codes = try tensors.values(
      "head.codes", .u8, shape: [blocks, pairs, HeadSketch.blockRows], as: UInt8.self)
    return sketch
  }
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}

extension Checkpoint {
  /// A tensor's elements. Throws `.malformed` unless it has this type and shape; nil stands for any size.
  fileprivate func values<T: BitwiseCopyable>(
    _ name: String, _ type: ElementType, shape: [Int?], as: T.Type
  ) throws(SparrowError) -> [T] {
    guard let entry = self[name] else {
      throw SparrowError(.malformed, file: path, field: name, found: "no such tensor")
    }
    let fits =
      entry.shape.count == shape.count
      && zip(entry.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
    guard entry.type == type, fits else {
      let sizes = shape.map { $0.map { "\($0)" } ?? "any" }
      throw SparrowError(
        .malformed, file: path, field: name, found: "\(entry.type) of shape \(entry.shape)",
        expected: "\(type) of shape [\(sizes.joined(separator: ", "))]")
    }
    let count = entry.byteCount / MemoryLayout<T>.size
    return withExtendedLifetime(self) {
      let bytes = bytes(of: entry)
      return [T](unsafeUninitializedCapacity: count) { target, filled in
        if let from = bytes.baseAddress, let to = target.baseAddress {
          UnsafeMutableRawPointer(to).copyMemory(
            from: from, byteCount: count * MemoryLayout<T>.size)
        }
        filled = count
      }
    }
  }
}
