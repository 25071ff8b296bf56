extension SparrowError {
  /// Throws, naming the field, unless `range` holds `value`; no range holds what is not a number.
  package static func require<T: Comparable>(
    _ value: T, in range: ClosedRange<T>, _ field: String, kind: Kind = .argument, file: String = ""
  ) throws(SparrowError) {
    guard range.contains(value) else {
      throw SparrowError(
        kind, file: file, field: field, found: "\(value)",
        expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }
}
