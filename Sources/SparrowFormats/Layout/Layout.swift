internal import SparrowBlocks
internal import SparrowCore

/// Checks on where tensors lie that both file types share.
enum Layout {
  /// More is no tensor: it keeps products of a few dimensions far from overflow.
  static let maximumDimension: UInt64 = 1 << 40

  /// The bytes of a tensor of `shape`; throws when a product overflows or rows split a block.
  static func byteCount(
    _ type: ElementType, shape: [Int], file: String, field: String
  ) throws(SparrowError) -> Int {
    var elements = 1
    for dimension in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw SparrowError(
          .malformed, file: file, field: field, found: "shape \(shape)",
          expected: "a product under 2^63")
      }
      elements = product
    }
    let row = shape.last ?? 1
    guard row % type.blockElements == 0, let bytes = type.byteCount(elements: elements) else {
      throw SparrowError(
        .malformed, file: file, field: field, found: "shape \(shape) in \(type)",
        expected: "rows of a multiple of \(type.blockElements) elements and a size under 2^63")
    }
    return bytes
  }

  /// Refuses tensors of one file that share bytes. Sorts: O(n log n).
  static func refuseOverlap(_ tensors: [TensorEntry], file: String) throws(SparrowError) {
    let sorted = tensors.filter { $0.byteCount > 0 }.sorted { $0.offset < $1.offset }
    for (before, after) in zip(sorted, sorted.dropFirst())
    where after.offset - before.offset < before.byteCount {
      throw SparrowError(
        .malformed, file: file, field: "tensor " + after.name.quoted,
        found: "it overlaps tensor " + before.name.quoted, expected: "tensors apart")
    }
  }
}
