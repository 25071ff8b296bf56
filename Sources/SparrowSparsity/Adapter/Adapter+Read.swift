public import SparrowCore
internal import SparrowFormats
public import SparrowTransformer

extension Adapter {
  /// Reads an adapter's folder.
  ///
  /// Throws `.system` for files that cannot be read, `.unsupported` for another version or
  /// predictor, `.malformed`, naming file and field, for whatever else is wrong.
  public static func read(_ folder: String) throws(SparrowError) -> Adapter {
    let plan = folder + "/" + planName
    let json = try JSON.parse(MappedFile(path: plan))
    let tensors = try Checkpoint.open(folder + "/" + tensorsName)
    return try Adapter(AdapterFields(json, file: plan), tensors: tensors)
  }

  /// Throws `.mismatch` unless the adapter was made for the model with this
  /// `Checkpoint.contentHash()`.
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
    try Self.validate(hash: baseHash, file: fields.file)
    plan = try Self.layers(fields, tensors: tensors)
    plan.widestBatch =
      try fields.optionalInteger("widest_batch", in: BatchLimit.range) ?? BatchLimit.none
    updates = WeightUpdates(
      matrices: try Self.matrices(fields, tensors: tensors),
      vectors: try Self.vectors(fields, tensors: tensors))
    if let head = try fields.object("head") {
      plan.head = try SketchedVocabulary(head, tensors: tensors)
    }
  }
}

extension Adapter {
  /// Throws `.mismatch`, naming `file`, unless all of its plan and its updates fit the model.
  public func check(_ binding: WeightBinding, file: String) throws(SparrowError) {
    try plan.check(binding.configuration, file: file)
    try updates.check(binding, file: file)
  }
}

extension SketchedVocabulary {
  fileprivate init(_ head: AdapterFields, tensors: Checkpoint) throws(SparrowError) {
    let predictor = try head.string("predictor")
    guard predictor == "sketch" else {
      throw SparrowError(
        .unsupported, file: head.file, field: "head.predictor",
        found: String(predictor.prefix(80)).debugDescription, expected: "\"sketch\"")
    }
    self.init(
      plan: try Self.plan(head), sketch: try RowSketch(head, tensors: tensors, name: "head"))
    try plan.validate(file: head.file)
    try sketch.validate(file: tensors.path)
  }

  private static func plan(_ head: AdapterFields) throws(SparrowError) -> VocabularyPlan {
    var points: [VocabularyPlan.Point] = []
    for point in try head.list("recalls") {
      points.append(
        VocabularyPlan.Point(doubt: try point.float("doubt"), recall: try point.float("recall")))
    }
    return VocabularyPlan(
      candidates: try head.integer("candidates", in: 1...65536),
      kept: try head.integer("kept", in: 1...65536), doubt: try head.float("doubt"),
      recalls: points,
      widestBatch: try head.optionalInteger("widest_batch", in: BatchLimit.range)
        ?? BatchLimit.none)
  }
}
