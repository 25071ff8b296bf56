/// Reads the fields of a protocol buffer's message, one after the other.
struct ProtocolBuffer {
  enum Value {
    case integer(UInt64)
    case bytes(ArraySlice<UInt8>)
    /// Four or eight bytes of a number that is no varint.
    case fixed
  }

  private var rest: ArraySlice<UInt8>
  /// Whether all that was read made sense.
  private(set) var isWhole = true

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next field; nil at the end, or where what follows is none.
  mutating func next() -> (number: Int, value: Value)? {
    guard !rest.isEmpty else { return nil }
    guard let key = varint(), key >> 3 <= 1 << 29, let value = value(of: key & 7) else {
      isWhole = false
      rest = []
      return nil
    }
    return (Int(key >> 3), value)
  }

  private mutating func value(of type: UInt64) -> Value? {
    switch type {
    case 0: varint().map { .integer($0) }
    case 1: take(8).map { _ in .fixed }
    case 2: varint().flatMap { Int(exactly: $0) }.flatMap { take($0) }.map { .bytes($0) }
    case 5: take(4).map { _ in .fixed }
    default: nil
    }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}
