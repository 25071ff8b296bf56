internal import SparrowCore

/// Reads little-endian fields one after another; every read is checked against the end.
struct ByteCursor {
  let source: MappedFile
  private(set) var at = 0

  init(_ source: MappedFile) { self.source = source }

  var bytes: UnsafeRawBufferPointer { source.bytes }

  var remaining: Int { bytes.count - at }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ field: @autoclosure () -> String, as type: T.Type = T.self
  ) throws(SparrowError) -> T {
    let size = MemoryLayout<T>.size
    guard remaining >= size else {
      throw error(field(), found: "\(remaining) bytes left", expected: "\(size) bytes")
    }
    defer { at += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: T.self))
  }

  /// Steps over `count` elements of `size` bytes each.
  mutating func range(
    _ field: @autoclosure () -> String, count: UInt64, of size: Int = 1
  ) throws(SparrowError) -> Range<Int> {
    guard count <= UInt64(remaining / size) else {
      throw error(
        field(), found: "\(count) elements of \(size) bytes with \(remaining) bytes left",
        expected: "a count that fits the file")
    }
    defer { at += Int(count) * size }
    return at..<at + Int(count) * size
  }

  /// A count whose elements take at least `minimum` bytes each.
  mutating func count(
    _ field: @autoclosure () -> String, ofAtLeast minimum: Int
  ) throws(SparrowError) -> Int {
    let count: UInt64 = try integer(field())
    guard count <= UInt64(remaining / minimum) else {
      throw error(
        field(), found: "\(count) with \(remaining) bytes left",
        expected: "a count that fits the file")
    }
    return Int(count)
  }

  /// A string behind its length in 64 bits, valid UTF-8.
  mutating func string(
    _ field: @autoclosure () -> String, limit: Int? = nil
  ) throws(SparrowError) -> String {
    let length: UInt64 = try integer(field() + ": length")
    if let limit, length > limit {
      throw error(
        field(), found: "a string of \(length) bytes", expected: "at most \(limit) bytes")
    }
    let range = try self.range(field(), count: length)
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw error(field(), found: "bytes that are not UTF-8", expected: "UTF-8")
    }
    return text
  }

  func error(
    _ field: String, found: String, expected: String = "", _ kind: SparrowError.Kind = .malformed
  ) -> SparrowError {
    SparrowError(
      kind, file: source.path, field: "\(field) (byte \(at))", found: found, expected: expected)
  }
}
