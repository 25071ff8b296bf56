import SparrowCore

/// The lines of a file, in order: what lies between line feeds, without them.
struct TextLines: Sequence {
  struct Line {
    /// Counted from 1.
    let number: Int
    let range: Range<Int>
    /// False for a last line without a line feed.
    let isEnded: Bool
  }

  let bytes: UnsafeRawBufferPointer
  let start: Int

  /// The lines from byte `start` on; only while the caller holds the bytes.
  init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) {
    self.bytes = bytes
    self.start = start
  }

  func makeIterator() -> some IteratorProtocol<Line> {
    var at = start
    var number = 0
    return AnyIterator {
      guard at < bytes.count else { return nil }
      let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n"))
      let range = at..<(end ?? bytes.count)
      number += 1
      at = end.map { $0 + 1 } ?? bytes.count
      return Line(number: number, range: range, isEnded: end != nil)
    }
  }

  /// The JSON of a line; nil where it is blank. Throws `.malformed`, naming file, line and byte.
  func json(_ line: Line, file: String) throws(SparrowError) -> JSON? {
    let content = UnsafeRawBufferPointer(rebasing: bytes[line.range])
    guard content.contains(where: { $0 > 32 }) else { return nil }
    do throws(SparrowError) {
      return try JSON.parse(content)
    } catch {
      throw SparrowError(
        .malformed, file: file, field: "line \(line.number): \(error.field)", found: error.found,
        expected: error.expected)
    }
  }
}
