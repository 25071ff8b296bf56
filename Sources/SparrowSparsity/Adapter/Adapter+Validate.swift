internal import SparrowCore

extension Adapter {
  /// Throws `.malformed`, naming `file`, for what belongs to no plan and what `read` would refuse.
  func validateFields(file: String) throws(SparrowError) {
    try Self.validate(hash: baseHash, file: file)
    func require(
      _ value: Int, in range: ClosedRange<Int>, _ field: String
    ) throws(SparrowError) {
      try SparrowError.require(value, in: range, field, kind: .malformed, file: file)
    }
    if plan.widestBatch != BatchLimit.none {
      try require(plan.widestBatch, in: BatchLimit.range, "widest_batch")
    }
    for layer in plan.networks.keys { try require(layer, in: Self.layerNumbers, "layers") }
    for layer in plan.attention.keys { try require(layer, in: Self.layerNumbers, "layers") }
    for layer in plan.inputs.keys { try require(layer, in: Self.layerNumbers, "layers") }
  }

  static func validate(hash: String, file: String) throws(SparrowError) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
    guard hash.utf8.count == 64, hash.utf8.allSatisfy({ digits ~= $0 || letters ~= $0 }) else {
      throw SparrowError(
        .malformed, file: file, field: "base.hash",
        found: String(hash.prefix(80)).debugDescription, expected: "64 hexadecimal digits")
    }
  }
}
