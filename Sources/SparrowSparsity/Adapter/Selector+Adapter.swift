internal import SparrowCore

extension Selector {
  init(_ fields: AdapterFields) throws(SparrowError) {
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
