package import SparrowCore
package import SparrowTokenizers

/// A text's tokens, ready to be cut into rows: what is learnt, and a part held out for measuring.
package struct TrainingData: Sendable {
  package let training: TokenStore
  /// nil when nothing was to be held out.
  package let heldOut: TokenStore?

  /// Encodes the text, or maps what an earlier run encoded of the same files with the same
  /// tokenizer and the same part.
  ///
  /// Files in `cache` are named after a hash of all that; they may be removed at any time. Whole
  /// documents are held out, evenly over the text and the first among them, so that each file gives
  /// its share and the choice is the same in each run. `rowLength` is that of the rows, which tasks
  /// must lie in. Throws what reading the text throws,
  /// `.argument` for a part outside 0 to 0.5 and for a text that is too short to be parted.
  package init(
    _ text: TrainingText, tokenizer: Tokenizer, heldOut part: Double = 0, cache folder: String,
    rowLength: Int? = nil, progress: Progress = .none
  ) throws(SparrowError) {
    guard part >= 0, part <= 0.5 else {
      throw SparrowError(
        .argument, field: "held-out part", found: "\(part)", expected: "0 to 0.5")
    }
    let encoder = try DocumentEncoder(tokenizer)
    precondition(text.tasks.isEmpty || rowLength != nil, "tasks lie in rows of a length")
    let hash = try Self.hash(text, tokenizer, part, rowLength)
    let base = folder + "/" + hash.hexDigest().prefix(16)
    let paths = (training: base + ".tokens", heldOut: base + ".held-out.tokens")
    func open(_ path: String) throws(SparrowError) -> TokenStore? {
      try TokenStore(path: path, hash: hash.digest(), vocabularySize: tokenizer.vocabularySize)
    }
    var training = try open(paths.training)
    var heldOut = part > 0 ? try open(paths.heldOut) : nil
    if training == nil || part > 0 && heldOut == nil {
      try Files.makeFolder(folder)
      try Self.encode(text, encoder, part, hash.digest(), paths, rowLength, progress)
      training = try open(paths.training)
      heldOut = part > 0 ? try open(paths.heldOut) : nil
    }
    guard let training else {
      throw SparrowError(
        .system, file: paths.training, found: "removed while it was in use",
        expected: "a folder that no other program clears")
    }
    self.training = training
    self.heldOut = heldOut
  }

  private static func encode(
    _ text: TrainingText, _ encoder: DocumentEncoder, _ part: Double, _ hash: [UInt8],
    _ paths: (training: String, heldOut: String), _ rowLength: Int?,
    _ progress: Progress
  ) throws(SparrowError) {
    var training = try TokenStoreWriter(path: paths.training, hash: hash)
    var heldOut = try TokenStoreWriter(path: paths.heldOut, hash: hash)
    var count = 0
    try text.forEachDocument { document, done throws(SparrowError) in
      let tokens = try encoder.encode(document)
      if !tokens.isEmpty {
        // The share so far, rounded up, rises at this document or it does not.
        let isHeldOut =
          (Double(count + 1) * part).rounded(.up) > (Double(count) * part).rounded(.up)
        let length = document.isWhole ? rowLength : nil
        if isHeldOut {
          try heldOut.append(tokens, inRowsOf: length)
        } else {
          try training.append(tokens, inRowsOf: length)
        }
        count += 1
      }
      try progress.report(.init(done, of: text.byteCount, .bytes))
    }
    guard training.documents > 0 else {
      throw SparrowError(
        .argument, file: (text.files + text.tasks)[0],
        found: count == 1 ? "a single document" : "no text",
        expected: part > 0 ? "at least two documents, or no held-out part" : "something to learn")
    }
    try training.commit()
    if part > 0 { try heldOut.commit() }
  }

  /// A hash of everything that the tokens depend on.
  private static func hash(
    _ text: TrainingText, _ tokenizer: Tokenizer, _ part: Double, _ rowLength: Int?
  ) throws(SparrowError) -> SHA256 {
    var hash = SHA256()
    hash.update("\(tokenizer.fingerprint) \(part)")
    for path in text.files {
      let file = try MappedFile(path: path)
      hash.update(" \(TrainingText.isLines(path) ? "lines" : "plain") \(SHA256.hex(of: file))")
    }
    for path in text.tasks {
      hash.update(" tasks \(rowLength ?? 0) \(SHA256.hex(of: try MappedFile(path: path)))")
    }
    return hash
  }
}
