internal import SparrowCore

/// An array of strings that stays in the mapped file; 4 bytes of memory a string.
///
/// Keeps the map alive. The bytes need not be UTF-8: vocabularies hold parts of characters.
public struct GGUFStrings: Sendable {
  private let file: MappedFile
  /// Offset in the file of the first string's length field.
  private let start: Int
  /// For each string the offset of its length field, from `start`.
  private let offsets: [UInt32]

  /// The parser has walked the strings: every length lies inside the file.
  init(file: MappedFile, start: Int, offsets: [UInt32]) {
    self.file = file
    self.start = start
    self.offsets = offsets
  }

  public var count: Int { offsets.count }

  /// The bytes of string `index`, without a copy; valid while this view or its checkpoint lives.
  public func bytes(at index: Int) -> UnsafeRawBufferPointer {
    let at = start + Int(offsets[index])
    let length = Int(
      UInt64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
    return UnsafeRawBufferPointer(rebasing: file.bytes[(at + 8)..<(at + 8 + length)])
  }

  /// String `index`, with U+FFFD for bytes that are not UTF-8.
  public func string(at index: Int) -> String {
    String(decoding: bytes(at: index), as: UTF8.self)
  }
}
