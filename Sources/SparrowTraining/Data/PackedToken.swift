/// A token of the stream that rows are cut from, in 32 bits: the id in the lower 30, two facts above.
struct PackedToken: Equatable {
  var rawValue: UInt32

  init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Ids are below 2^22 (`Vocabulary`), far from the two bits.
  init(_ id: Int32, isLearnt: Bool, startsDocument: Bool) {
    rawValue = UInt32(id) | (isLearnt ? 1 << 31 : 0) | (startsDocument ? 1 << 30 : 0)
  }

  var id: Int32 { Int32(rawValue & (1 << 30 - 1)) }
  /// Whether the loss counts how well this token is predicted.
  var isLearnt: Bool { rawValue >> 31 == 1 }
  var startsDocument: Bool { rawValue >> 30 & 1 == 1 }
}
