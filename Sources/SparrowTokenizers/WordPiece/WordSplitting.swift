/// How BERT's tokenizers make words of a text before they cut them into pieces.
struct WordSplitting: Sendable, Equatable {
  /// Leaves out control characters, and U+FFFD.
  var cleans = true
  /// Each ideograph is a word.
  var partsIdeographs = true
  var stripsAccents = true
  var lowercases = true

  /// The words of a text in UTF-8: what stands between white space, and each punctuation mark.
  func words(of text: String) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    func end() {
      if !word.isEmpty { words.append(word) }
      word.removeAll()
    }
    for scalar in normalized(text).unicodeScalars {
      if scalar.properties.isWhitespace {
        end()
      } else if scalar.isPunctuation {
        end()
        words.append(Array(UTF8.encode(scalar)!))
      } else {
        word += UTF8.encode(scalar)!
      }
    }
    end()
    return words
  }

  private func normalized(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !(cleans && scalar.isCleaned) {
      let isApart = partsIdeographs && scalar.isIdeograph
      if isApart { scalars.append(" ") }
      scalars.append(scalar)
      if isApart { scalars.append(" ") }
    }
    if stripsAccents {
      let bytes = Array(String(scalars).utf8)
      let decomposed = bytes.withUnsafeBufferPointer { Composition.decomposed($0) } ?? bytes
      scalars.removeAll()
      for scalar in String(decoding: decomposed, as: UTF8.self).unicodeScalars
      where scalar.knownCategory != .nonspacingMark { scalars.append(scalar) }
    }
    guard lowercases else { return String(scalars) }
    return scalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
  }
}

extension Unicode.Scalar {
  /// The category in Unicode 8, by which Python's tokenizers go: what came later has none.
  fileprivate var knownCategory: Unicode.GeneralCategory {
    guard let age = properties.age, age <= (8, 0) else { return .unassigned }
    return properties.generalCategory
  }

  /// Nothing that is read, and no white space.
  fileprivate var isCleaned: Bool {
    switch self {
    case "\t", "\n", "\r": return false
    case "\u{FFFD}": return true
    default: break
    }
    switch knownCategory {
    case .control, .format, .privateUse: return true
    default: return false
    }
  }

  /// ASCII's symbols are punctuation too.
  fileprivate var isPunctuation: Bool {
    if isASCII { return ("!"..."~").contains(self) && !properties.isAlphabetic && !isDigit }
    switch knownCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  private var isDigit: Bool { ("0"..."9").contains(self) }

  /// Of the blocks that BERT knew, one of them from its third sixteenth on.
  fileprivate var isIdeograph: Bool {
    switch value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
