import SparrowCore

extension TrainingText {
  /// Longer texts are cut, so that they stream and a part of a single file can be held out. At 64
  /// KiB, some 16,000 tokens, few rows see a cut.
  private static let longest = 1 << 16

  /// A file as documents of at most `longest` bytes, cut behind blank lines where there are any.
  static func readPlain(
    _ file: MappedFile, _ body: (TrainingDocument, Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let bytes = file.bytes
    var at = start(of: bytes)
    var line = 1
    while at < bytes.count {
      let end = cut(bytes, from: at)
      let piece = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
      guard let text = String(validating: piece, as: UTF8.self) else {
        throw SparrowError(
          .malformed, file: file.path, field: "line \(line + linesBeforeFault(piece))",
          found: "bytes that are not UTF-8", expected: "text in UTF-8")
      }
      if piece.contains(where: { $0 > 32 }) {
        try body(TrainingDocument(content: .text(text), file: file.path, line: line), end)
      }
      line += piece.count { $0 == UInt8(ascii: "\n") }
      at = end
    }
  }

  /// The end of the document that begins at `start`.
  private static func cut(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard bytes.count - start > longest else { return bytes.count }
    let feed = UInt8(ascii: "\n")
    let last = start + longest
    var lineEnd: Int?
    for end in stride(from: last, to: start + longest / 2, by: -1) where bytes[end - 1] == feed {
      if bytes[end - 2] == feed { return end }
      lineEnd = lineEnd ?? end
    }
    if let lineEnd { return lineEnd }
    // One endless line: not within a character, unless it has no end either.
    return (last - 3...last).last { bytes[$0] & 0xC0 != 0x80 } ?? last
  }

  /// Lines before the one that is not UTF-8.
  private static func linesBeforeFault(_ bytes: UnsafeRawBufferPointer) -> Int {
    let line = TextLines(bytes).first {
      String(validating: UnsafeRawBufferPointer(rebasing: bytes[$0.range]), as: UTF8.self) == nil
    }
    return (line?.number ?? 1) - 1
  }
}
