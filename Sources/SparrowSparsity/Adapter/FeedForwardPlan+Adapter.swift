internal import SparrowCore
internal import SparrowFormats

// A layer in adapter.json is {"layer": 3, "feed_forward": {...}}; its tensors begin with "layers.3.feed_forward.".

extension Adapter {
  static func tensorName(_ layer: Int) -> String { "layers.\(layer).feed_forward" }

  /// The plans of all layers that have one; an adapter without "layers" has none.
  static func layers(
    _ fields: AdapterFields, tensors: Checkpoint
  ) throws(SparrowError) -> [Int: FeedForwardPlan] {
    var plans: [Int: FeedForwardPlan] = [:]
    for entry in try fields.optionalList("layers") {
      let layer = try entry.integer("layer", in: 0...999)
      guard plans[layer] == nil else {
        throw SparrowError(
          .malformed, file: fields.file, field: "layers", found: "layer \(layer) twice",
          expected: "once")
      }
      guard let own = try entry.object("feed_forward") else { continue }
      plans[layer] = try FeedForwardPlan(own, tensors: tensors, name: tensorName(layer))
    }
    return plans
  }

  /// The entries of "layers", ascending.
  var layersJSON: JSON {
    .array(
      layers.sorted { $0.key < $1.key }.map { layer, plan in
        ["layer": .integer(layer), "feed_forward": plan.json]
      })
  }
}

extension FeedForwardPlan {
  fileprivate init(
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
      throw SparrowError(
        .unsupported, file: fields.file, field: name + ".predictor",
        found: String(kind.prefix(80)).debugDescription,
        expected: "sketch, low_rank, router, gate or exact")
    }
    func numbers(_ part: String) throws(SparrowError) -> [Int32] {
      guard tensors[name + part] != nil else { return [] }
      return try tensors.values(name + part, .i32, shape: [nil], as: Int32.self)
        .map { Int32(littleEndian: $0) }
    }
    guard let selector = try fields.object("selector") else { throw fields.missing("selector") }
    self.init(
      predictor: predictor, selector: try Selector(selector),
      groupSize: try fields.integer("group", in: 1...32),
      kept: try fields.object("kept").map { own throws(SparrowError) in try Selector(own) },
      order: try numbers(".order"), common: try numbers(".common"),
      lookahead: try fields.optionalFlag("lookahead"),
      density: try fields.optionalFloat("density"))
  }

  fileprivate var json: JSON {
    var members: [(String, JSON)] = [
      ("predictor", .string(predictorName)), ("group", .integer(groupSize)),
      ("selector", selector.json),
    ]
    if let kept { members.append(("kept", kept.json)) }
    if lookahead { members.append(("lookahead", .bool(true))) }
    if let density { members.append(("density", .number(Double(density)))) }
    switch predictor {
    case .sketch(let sketch): members += sketch.jsonMembers
    case .lowRank(let maps), .router(let maps):
      members.append(("coding", .string(maps.b.type.rawValue)))
    case .gate, .exact: break
    }
    return .object(members)
  }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    func add(_ part: String, _ numbers: [Int32]) throws(SparrowError) {
      guard !numbers.isEmpty else { return }
      try writer.add(
        name: name + part, type: .i32, shape: [numbers.count],
        bytes: rawBytes(numbers.map(\.littleEndian)))
    }
    switch predictor {
    case .sketch(let sketch): try sketch.add(to: &writer, name: name)
    case .lowRank(let maps), .router(let maps):
      if let a = maps.a { try a.add(to: &writer, name: name + ".a") }
      try maps.b.add(to: &writer, name: name + ".b")
      try writer.add(name: name + ".bias", shape: [maps.bias.count], floats: maps.bias)
    case .gate, .exact: break
    }
    try add(".order", order)
    try add(".common", common)
  }
}

extension LinearPredictor {
  fileprivate init(
    _ fields: AdapterFields, _ tensors: Checkpoint, name: String, hasRank: Bool
  ) throws(SparrowError) {
    let kind = try fields.optionalString("coding") ?? "f16"
    guard let coding = ElementType(rawValue: kind), PredictorMatrix.types.contains(coding) else {
      throw SparrowError(
        .unsupported, file: fields.file, field: name + ".coding",
        found: String(kind.prefix(80)).debugDescription, expected: "f16, q8_0 or q4_0")
    }
    let b = try PredictorMatrix(tensors, name: name + ".b", coding: coding)
    self.init(
      a: hasRank ? try PredictorMatrix(tensors, name: name + ".a", coding: coding) : nil, b: b,
      bias: try tensors.values(name + ".bias", .f32, shape: [b.rows], as: Float.self))
  }
}

extension PredictorMatrix {
  /// float16 as such; blocks as bytes in rows, of the type that `coding` names.
  fileprivate init(
    _ tensors: Checkpoint, name: String, coding: ElementType
  ) throws(SparrowError) {
    guard let entry = tensors[name], entry.shape.count == 2 else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name,
        found: tensors[name].map { "shape \($0.shape)" } ?? "no such tensor",
        expected: "a matrix")
    }
    if entry.type == .f16 {
      let values = try tensors.values(name, .f16, shape: [nil, nil], as: UInt16.self)
      self.init(
        rows: entry.shape[0], columns: entry.shape[1], type: .f16, bytes: rawBytes(values))
      return
    }
    let values = try tensors.values(name, .u8, shape: [nil, nil], as: UInt8.self)
    self.init(
      rows: entry.shape[0], columns: entry.shape[1] / coding.blockBytes * coding.blockElements,
      type: coding, bytes: values)
  }

  fileprivate func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    try writer.add(
      name: name, type: type == .f16 ? .f16 : .u8,
      shape: [rows, type == .f16 ? columns : bytes.count / max(rows, 1)], bytes: bytes)
  }
}

extension Selector {
  fileprivate init(_ fields: AdapterFields) throws(SparrowError) {
    let kind = try fields.string("kind")
    func k() throws(SparrowError) -> Int { try fields.integer("k", in: 0...1 << 20) }
    switch kind {
    case "threshold": self = .threshold(try fields.float("value"))
    case "top_k": self = .topK(try k())
    case "statistical_top_k": self = .statisticalTopK(try k())
    case "bucketed_top_k":
      self = .bucketedTopK(
        try k(), buckets: try fields.integer("buckets", in: 1...1 << 20),
        perBucket: try fields.integer("per_bucket", in: 1...1 << 20))
    default:
      throw SparrowError(
        .unsupported, file: fields.file, field: "selector.kind",
        found: String(kind.prefix(80)).debugDescription,
        expected: "threshold, top_k, bucketed_top_k or statistical_top_k")
    }
  }

  fileprivate var json: JSON {
    switch self {
    case .threshold(let value): ["kind": "threshold", "value": .number(Double(value))]
    case .topK(let k): ["kind": "top_k", "k": .integer(k)]
    case .statisticalTopK(let k): ["kind": "statistical_top_k", "k": .integer(k)]
    case .bucketedTopK(let k, let buckets, let perBucket):
      [
        "kind": "bucketed_top_k", "k": .integer(k), "buckets": .integer(buckets),
        "per_bucket": .integer(perBucket),
      ]
    }
  }
}

/// The memory of numbers as bytes.
func rawBytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
