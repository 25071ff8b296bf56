internal import SparrowCore

extension Adapter {
  /// Throws `.malformed`, naming `file`, for what belongs to no plan and what `read` would refuse.
  func validateFields(file: String) throws(SparrowError) {
    try Self.validate(hash: baseHash, file: file)
    try Self.require(widestBatch, in: Self.batches, "widest_batch", file: file)
    for layer in layers.keys {
      try Self.require(layer, in: Self.layerNumbers, "layers", file: file)
    }
    for layer in attention.keys {
      try Self.require(layer, in: Self.layerNumbers, "layers", file: file)
    }
    for layer in inputs.keys {
      try Self.require(layer, in: Self.layerNumbers, "layers", file: file)
    }
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

  private static func require(
    _ value: Int, in range: ClosedRange<Int>, _ field: String, file: String
  ) throws(SparrowError) {
    guard range.contains(value) else {
      throw SparrowError(
        .malformed, file: file, field: field, found: "\(value)",
        expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }
}
