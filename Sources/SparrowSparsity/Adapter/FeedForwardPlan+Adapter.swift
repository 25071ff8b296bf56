internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats

extension FeedForwardPlan {
  /// Reads the plan whose fields these are and whose tensors begin with `name`.
  init(
    _ fields: AdapterFields, tensors: Checkpoint, name: String
  ) throws(SparrowError) {
    let kind = try fields.string("predictor")
    let predictor: Predictor
    switch kind {
    case "sketch": predictor = .sketch(try RowSketch(fields, tensors: tensors, name: name))
    case "low_rank":
      predictor = .lowRank(try LinearPredictor(fields, tensors, name: name, hasRank: true))
    case "router":
      predictor = .router(try LinearPredictor(fields, tensors, name: name, hasRank: false))
    case "gate": predictor = .gate
    case "exact": predictor = .exact
    default:
      throw fields.unknown("predictor", kind, "sketch, low_rank, router, gate or exact")
    }
    let rest: Rest
    switch try fields.optionalString("rest") {
    case nil, "nothing": rest = .nothing
    case "estimate": rest = .estimate
    case "sketch":
      rest = .sketch(
        down: try SketchRows(
          try fields.sketchCoding("down"), tensors: tensors, name: name + ".down"))
    case let word?: throw fields.unknown("rest", word, "nothing, estimate or sketch")
    }
    func numbers(_ part: String) throws(SparrowError) -> [Int32] {
      guard tensors[name + part] != nil else { return [] }
      return try tensors.values(name + part, .i32, shape: [nil], as: Int32.self)
        .map { Int32(littleEndian: $0) }
    }
    self.init(
      predictor: predictor, selector: try fields.selector(),
      groupSize: try fields.integer("group", in: 1...32),
      kept: try fields.object("kept").map { own throws(SparrowError) in try Selector(own) },
      order: try numbers(".order"), common: try numbers(".common"),
      lookahead: try fields.optionalFlag("lookahead"),
      density: try fields.optionalFloat("density"), rest: rest)
  }

  /// What `adapter.json` says of it.
  var json: JSON {
    var members = sharedMembers + [("group", .integer(groupSize))]
    switch rest {
    case .nothing: break
    case .estimate: members.append(("rest", "estimate"))
    case .sketch(let down):
      members += [("rest", "sketch"), ("down", .string(down.coding.rawValue))]
    }
    if let kept { members.append(("kept", kept.json)) }
    if case .sketch(let sketch) = predictor { members += sketch.jsonMembers }
    return .object(members)
  }

  /// Throws for a plan that `Adapter.read` would refuse.
  func validateWritable(file: String, name: String) throws(SparrowError) {
    try validateParts(file: file, name: name)
    try selector.validateWritable(file: file, field: name + ".selector")
    try kept?.validateWritable(file: file, field: name + ".kept")
  }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    func add(_ part: String, _ numbers: [Int32]) throws(SparrowError) {
      guard !numbers.isEmpty else { return }
      try writer.add(
        name: name + part, type: .i32, shape: [numbers.count],
        bytes: rawBytes(numbers.map(\.littleEndian)))
    }
    if case .sketch(let sketch) = predictor { try sketch.add(to: &writer, name: name) }
    try maps?.add(to: &writer, name: name)
    if case .sketch(let down) = rest {
      try writer.add(
        name: name + ".down", type: .u8,
        shape: [down.bytes.count / max(1, down.rowBytes), down.rowBytes], bytes: down.bytes)
    }
    try add(".order", order)
    try add(".common", common)
  }
}

/// The memory of numbers as bytes.
func rawBytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
