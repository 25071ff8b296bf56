internal import SparrowCore

extension AdapterFields {
  /// The member "selector", which every plan has.
  func selector() throws(SparrowError) -> Selector {
    guard let own = try object("selector") else { throw missing("selector") }
    return try Selector(own)
  }
}

extension Selector {
  /// The largest count that an adapter's file may have.
  private static let writableCounts = 1 << 20

  /// Throws `.malformed` for numbers that a file cannot have.
  func validateWritable(file: String, field: String) throws(SparrowError) {
    let fits =
      switch self {
      case .threshold(let value): value.isFinite
      case .topK(let k), .statisticalTopK(let k): k <= Self.writableCounts
      case .bucketedTopK(let k, let buckets, let perBucket):
        max(k, buckets, perBucket) <= Self.writableCounts
      }
    guard fits else {
      throw SparrowError(
        .malformed, file: file, field: field, found: "\(self)",
        expected: "finite numbers, counts up to \(Self.writableCounts)")
    }
  }

  init(_ fields: AdapterFields) throws(SparrowError) {
    let kind = try fields.string("kind")
    let counts = Self.writableCounts
    func k() throws(SparrowError) -> Int { try fields.integer("k", in: 0...counts) }
    switch kind {
    case "threshold": self = .threshold(try fields.float("value"))
    case "top_k": self = .topK(try k())
    case "statistical_top_k": self = .statisticalTopK(try k())
    case "bucketed_top_k":
      self = .bucketedTopK(
        try k(), buckets: try fields.integer("buckets", in: 1...counts),
        perBucket: try fields.integer("per_bucket", in: 1...counts))
    default:
      throw fields.unknown(
        "kind", kind, "threshold, top_k, bucketed_top_k or statistical_top_k")
    }
  }

  /// What `adapter.json` says of it.
  var json: JSON {
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
