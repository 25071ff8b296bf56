/// What a model's tensors weigh: in a file, or as a backend reads them.
public protocol WeightSizes {
  /// Bytes of all of a tensor; nil when the model has none of that role.
  func byteCount(of role: WeightRole) -> Int?

  /// Bytes of one row of a matrix.
  func rowBytes(of role: WeightRole) -> Int

  /// Bytes of all columns of a matrix where it is read by columns, and what is read besides however
  /// few they are.
  func columnBytes(of role: WeightRole) -> (all: Int, always: Int)
}

extension WeightBinding: WeightSizes {
  public func byteCount(of role: WeightRole) -> Int? { self[role]?.byteCount }

  public func rowBytes(of role: WeightRole) -> Int {
    self[role].map { $0.byteCount / max(1, $0.rows.count) } ?? 0
  }

  public func columnBytes(of role: WeightRole) -> (all: Int, always: Int) {
    (byteCount(of: role) ?? 0, 0)
  }
}
