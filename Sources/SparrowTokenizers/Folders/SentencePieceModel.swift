internal import SparrowCore

/// A SentencePiece model, `tokenizer.model`: a protocol buffer with the pieces, of which byte-pair
/// encodings merge by score.
struct SentencePieceModel {
  private enum Kind: Int {
    case normal = 1, unknown, control, userDefined, unused, byte
  }

  private var pieces: [(text: String, kind: Kind)] = []

  /// Throws `.malformed` for what is no such model, and `.unsupported` for unigram, word and
  /// character models and for those that change text before they cut it.
  init(_ bytes: [UInt8], file: String) throws(SparrowError) {
    func error(_ kind: SparrowError.Kind, _ found: String, _ expected: String) -> SparrowError {
      SparrowError(kind, file: file, found: found, expected: expected)
    }
    var modelType = 1
    var message = ProtocolBuffer(bytes[...])
    while let field = message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let piece)):
        guard let piece = Self.piece(piece) else {
          throw error(.malformed, "piece \(pieces.count)", "a text in UTF-8 and a kind")
        }
        guard pieces.count < Vocabulary.maximumCount else {
          throw error(.malformed, "too many pieces", "at most \(Vocabulary.maximumCount)")
        }
        pieces.append(piece)
      case (2, .bytes(let trainer)):
        var trainer = ProtocolBuffer(trainer)
        while let field = trainer.next() {
          if field.number == 3, case .integer(let type) = field.value { modelType = Int(type) }
        }
      case (3, .bytes(let normalizer)):
        var normalizer = ProtocolBuffer(normalizer)
        while let field = normalizer.next() {
          guard field.number == 2, case .bytes(let map) = field.value, !map.isEmpty else {
            continue
          }
          throw error(.unsupported, "a normaliser with a table of characters", "none")
        }
      default: break
      }
    }
    guard message.isWhole, !pieces.isEmpty else {
      throw error(.malformed, "no SentencePiece model", "a protocol buffer with pieces")
    }
    guard modelType == 2 else {
      let names = [1: "a unigram model", 3: "a model of words", 4: "a model of characters"]
      throw error(.unsupported, names[modelType] ?? "model type \(modelType)", "BPE")
    }
  }

  private static func piece(_ bytes: ArraySlice<UInt8>) -> (text: String, kind: Kind)? {
    var text: String?
    var kind: Kind? = .normal
    var message = ProtocolBuffer(bytes)
    while let field = message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): text = String(validating: bytes, as: UTF8.self)
      case (3, .integer(let value)): kind = Kind(rawValue: Int(truncatingIfNeeded: value))
      default: break
      }
    }
    guard message.isWhole, let text, let kind else { return nil }
    return (text, kind)
  }

  /// Texts with their ids; of two pieces of one text the later's.
  var vocabulary: JSON {
    .object(pieces.enumerated().map { ($1.text, .integer($0)) })
  }

  /// Control tokens, which are special, and user-defined ones.
  var addedTokens: [JSON] {
    pieces.enumerated().compactMap { id, piece in
      guard piece.kind == .control || piece.kind == .userDefined else { return nil }
      return [
        "id": .integer(id), "content": .string(piece.text), "normalized": false,
        "special": .bool(piece.kind == .control),
      ]
    }
  }

  /// `left right` for every way to make a piece of two others, in the order of transformers: the
  /// piece of the lowest id first, of its ways the shortest left half.
  var merges: [String] {
    var ids: Set<[UInt8]> = []
    for piece in pieces { ids.insert(Array(piece.text.utf8)) }
    var merges: [String] = []
    for piece in pieces {
      let bytes = Array(piece.text.utf8)
      // Long pieces have few parts: a bound keeps hostile ones from taking all time.
      guard bytes.count <= 1024 else { continue }
      for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
        guard ids.contains(Array(bytes[..<cut])), ids.contains(Array(bytes[cut...])) else {
          continue
        }
        merges.append(
          String(decoding: bytes[..<cut], as: UTF8.self) + " "
            + String(decoding: bytes[cut...], as: UTF8.self))
      }
    }
    return merges
  }
}
