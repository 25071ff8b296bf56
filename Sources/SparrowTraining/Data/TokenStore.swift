import SparrowCore

/// A text's tokens in a file that is mapped: documents one after the other, encoded once and read
/// by every epoch and every later run.
///
/// The file holds a header of 40 bytes (a mark, the hash of what was encoded), 4 bytes a token
/// (`PackedToken`), and the counts of documents and learnt tokens, 8 bytes each; all little-endian.
package struct TokenStore: Sendable {
  /// Tokens, with those that start and end documents.
  package let count: Int
  package let documents: Int
  /// Tokens whose prediction the loss counts.
  package let learnt: Int
  /// Ids are below this.
  package let vocabularySize: Int
  private let file: MappedFile

  static let headerBytes = 40
  static let footerBytes = 16
  /// The last byte is the format's version.
  static let mark = Array("SPTOKEN1".utf8)

  package var path: String { file.path }
  /// Of the file: it tells texts, tokenizer and part apart (`TrainingData`).
  var name: String { String(path.split(separator: "/").last ?? "") }

  /// The store at `path`; nil when there is none, or one of other inputs.
  init?(path: String, hash: [UInt8], vocabularySize: Int) throws(SparrowError) {
    guard Files.isFile(path) else { return nil }
    let file = try MappedFile(path: path)
    let body = file.bytes.count - Self.headerBytes - Self.footerBytes
    guard body >= 8, body % 4 == 0, file.bytes.starts(with: Self.mark + hash) else { return nil }
    func footer(_ index: Int) -> Int? {
      let offset = Self.headerBytes + body + 8 * index
      return Int(
        exactly: UInt64(
          littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    guard let documents = footer(0), let learnt = footer(1) else { return nil }
    count = body / 4
    self.documents = documents
    self.learnt = learnt
    self.vocabularySize = vocabularySize
    self.file = file
  }

  /// A token by its place in the stream. Throws `.malformed` where the file was damaged.
  func token(at place: Int) throws(SparrowError) -> PackedToken {
    precondition(place >= 0 && place < count, "a place in the store")
    defer { withExtendedLifetime(file) {} }
    let raw = file.bytes.load(fromByteOffset: Self.headerBytes + 4 * place, as: UInt32.self)
    let token = PackedToken(rawValue: UInt32(littleEndian: raw))
    guard token.id < vocabularySize else {
      throw SparrowError(
        .malformed, file: path, field: "token \(place)", found: "\(token.id)",
        expected: "an id below \(vocabularySize); remove the file, and it is made anew")
    }
    return token
  }
}

/// A token of the stream that rows are cut from, in 32 bits: the id in the lower 30, two facts
/// above.
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
