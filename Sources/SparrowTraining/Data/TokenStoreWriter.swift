import SparrowCore

/// Writes a `TokenStore` document by document; the file appears whole or not at all.
struct TokenStoreWriter: ~Copyable {
  private var file: AtomicFile
  private var buffer: [UInt32] = []
  private(set) var documents = 0
  private var count = 0
  private var learnt = 0

  private static let bufferedTokens = 1 << 18

  /// `hash` is that of what is encoded, 32 bytes. Throws `.system`.
  init(path: String, hash: [UInt8]) throws(SparrowError) {
    var file = try AtomicFile(path: path)
    try file.write(TokenStore.mark + hash)
    self.file = file
  }

  /// Appends a document's tokens; throws `.system` on a full disk.
  mutating func append(_ tokens: [PackedToken]) throws(SparrowError) {
    guard !tokens.isEmpty else { return }
    documents += 1
    try write(tokens)
  }

  private mutating func write(_ tokens: [PackedToken]) throws(SparrowError) {
    count += tokens.count
    for token in tokens {
      buffer.append(token.rawValue.littleEndian)
      if token.isLearnt { learnt += 1 }
    }
    if buffer.count >= Self.bufferedTokens { try flush() }
  }

  /// Appends a document so that it lies in one of the rows of `length` (`TokenRows`); anywhere
  /// where that is nil.
  ///
  /// Where it does not fit into what is left of a row, that is filled with its beginning, which is
  /// not learnt, and the document begins again: no padding changes what routers see. Of a document
  /// that is longer than a row its end is kept, as a document of its own.
  mutating func append(
    _ tokens: [PackedToken], inRowsOf length: Int?
  ) throws(SparrowError) {
    guard let length else { return try append(tokens) }
    var tokens = Array(tokens.suffix(length + 1))
    if let first = tokens.first {
      tokens[0] = PackedToken(first.id, isLearnt: false, startsDocument: true)
    }
    let left = length - count % length
    if tokens.count > left + 1 {
      try write(
        tokens.prefix(left).map {
          PackedToken($0.id, isLearnt: false, startsDocument: $0.startsDocument)
        })
    }
    try append(tokens)
  }

  consuming func commit() throws(SparrowError) {
    try flush()
    for count in [documents, learnt] {
      try file.write((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    }
    try file.commit()
  }

  private mutating func flush() throws(SparrowError) {
    let result = buffer.withUnsafeBytes { bytes in
      Result { () throws(SparrowError) -> Void in try file.write(bytes) }
    }
    try result.get()
    buffer.removeAll(keepingCapacity: true)
  }
}
