/// A change of the text before it is cut.
enum Normalization: Sendable, Equatable {
  /// NFC and NFD.
  case compose, decompose
  case lowercase
  /// Without white space at its start or end.
  case strip(start: Bool, end: Bool)
  /// Without combining marks, such as accents of decomposed letters.
  case stripAccents
  /// What a rule finds becomes another text.
  case replace(SplitStep.Rule, by: [UInt8])
  /// A text before every text that is not empty.
  case prepend([UInt8])
}

/// Text that is being normalised, and which of its bytes come from a conversation's own words.
struct NormalizedText {
  private(set) var bytes: [UInt8]
  /// One a byte; empty where no byte is such.
  private(set) var isWord: [Bool]

  /// The text of a run with the words in it, by places in the run.
  init(_ bytes: UnsafeBufferPointer<UInt8>, words: [Range<Int>] = []) {
    self.bytes = Array(bytes)
    isWord = []
    guard !words.isEmpty else { return }
    isWord = [Bool](repeating: false, count: bytes.count)
    for range in words { for index in range { isWord[index] = true } }
  }

  /// The stretches of words.
  var words: [Range<Int>] {
    var words: [Range<Int>] = []
    for index in isWord.indices where isWord[index] {
      if let last = words.last, last.upperBound == index {
        words[words.count - 1] = last.lowerBound..<(index + 1)
      } else {
        words.append(index..<(index + 1))
      }
    }
    return words
  }

  mutating func apply(_ step: Normalization) {
    switch step {
    case .compose: canonicalize { Composition.composed($0) }
    case .decompose: canonicalize { Composition.decomposed($0) }
    case .lowercase:
      rewrite { scalar in
        scalar.properties.lowercaseMapping.utf8.map { $0 }
      }
    case .stripAccents:
      rewrite { scalar in
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: []
        default: Array(UTF8.encode(scalar)!)
        }
      }
    case .strip(let start, let end): strip(start: start, end: end)
    case .prepend(let text):
      guard !bytes.isEmpty else { return }
      bytes.insert(contentsOf: text, at: 0)
      if !isWord.isEmpty { isWord.insert(contentsOf: text.map { _ in false }, at: 0) }
    case .replace(let rule, let text): replace(rule, by: text)
    }
  }

  /// Turns U+2581 into the space that it stands for.
  mutating func unmark() { replace(.literal([0xE2, 0x96, 0x81]), by: [0x20]) }

  private mutating func replace(_ rule: SplitStep.Rule, by text: [UInt8]) {
    let found = bytes.withUnsafeBufferPointer { rule.matches(in: $0) }
    guard !found.isEmpty else { return }
    var new = NormalizedText(UnsafeBufferPointer(start: nil, count: 0))
    var end = 0
    for match in found {
      new.append(self, end..<match.lowerBound)
      new.append(text, isWord: !isWord.isEmpty && isWord[match].contains(true), in: self)
      end = match.upperBound
    }
    new.append(self, end..<bytes.count)
    self = new
  }

  private mutating func strip(start: Bool, end: Bool) {
    let range = bytes.withUnsafeBufferPointer { bytes in
      let first = start ? AddedTokens.spaceEnd(bytes, 0) : 0
      return first..<(end ? AddedTokens.spaceStart(bytes, first, bytes.count) : bytes.count)
    }
    bytes = Array(bytes[range])
    if !isWord.isEmpty { isWord = Array(isWord[range]) }
  }

  private mutating func rewrite(_ change: (Unicode.Scalar) -> [UInt8]) {
    var new = NormalizedText(UnsafeBufferPointer(start: nil, count: 0))
    var at = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      new.append(change(scalar), isWord: !isWord.isEmpty && isWord[at], in: self)
      at += UTF8.width(scalar)
    }
    self = new
  }

  /// A canonical form: ASCII characters begin stretches by themselves, of which each is words where
  /// one of its bytes was, unless its parts have the same form apart.
  private mutating func canonicalize(_ form: (UnsafeBufferPointer<UInt8>) -> [UInt8]?) {
    func formed(_ range: Range<Int>) -> [UInt8] {
      bytes[range].withUnsafeBufferPointer { form($0) ?? Array($0) }
    }
    guard !isWord.isEmpty else {
      bytes = formed(0..<bytes.count)
      return
    }
    var new = NormalizedText(UnsafeBufferPointer(start: nil, count: 0))
    var start = 0
    while start < bytes.count {
      let end = bytes[(start + 1)...].firstIndex { $0 < 0x80 } ?? bytes.count
      let border = (start..<end).first { isWord[$0] != isWord[start] } ?? end
      let (whole, first, second) = (
        formed(start..<end), formed(start..<border), formed(border..<end)
      )
      if whole == first + second {
        new.append(first, isWord: isWord[start], in: self)
        new.append(
          second, isWord: border < end && isWord[border..<end].contains(true), in: self)
      } else {
        new.append(whole, isWord: true, in: self)
      }
      start = end
    }
    self = new
  }

  private mutating func append(_ other: NormalizedText, _ range: Range<Int>) {
    bytes += other.bytes[range]
    if !other.isWord.isEmpty { isWord += other.isWord[range] }
  }

  private mutating func append(_ text: [UInt8], isWord: Bool, in other: NormalizedText) {
    bytes += text
    if !other.isWord.isEmpty { self.isWord += text.map { _ in isWord } }
  }
}
