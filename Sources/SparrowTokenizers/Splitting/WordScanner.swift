/// Cuts a run of valid UTF-8 into words, each beginning where the last ended.
///
/// Hand-written, since Swift's `Regex` runs at 2 MB/s here; linear in the text.
struct WordScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let splitting: Splitting
  let adjacency: Adjacency
  private let table = CharacterTable.shared
  /// Where the piece around the next word ends, for rules in two steps.
  private var pieceEnd = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ splitting: Splitting, _ adjacency: Adjacency) {
    self.bytes = bytes
    self.splitting = splitting
    self.adjacency = adjacency
  }

  /// The end of the word at `start`, which must lie inside the text. Calls go from left to right.
  mutating func end(from start: Int) -> Int {
    switch splitting {
    case .unspanned: return spanEnd(start, cutSpaces: false)
    case .spaces: return spanEnd(start, cutSpaces: true)
    case .gpt2(let singleDigits):
      if start >= pieceEnd { movePiece(start, singleDigits: singleDigits) }
      return gpt2End(start, limit: pieceEnd)
    case .llama3(let digits, let marks): return llama3End(start, digits: digits, marks: marks)
    }
  }

  private func spanEnd(_ start: Int, cutSpaces: Bool) -> Int {
    var at = start + 1
    while at < bytes.count {
      let byte = bytes[at]
      if byte & 0xC0 != 0x80,
        cutSpaces && byte == UInt8(ascii: " ") || !adjacency.has(bytes[at - 1], byte)
      {
        return at
      }
      at += 1
    }
    return at
  }

  private mutating func movePiece(_ start: Int, singleDigits: Bool) {
    guard singleDigits else {
      pieceEnd = bytes.count
      return
    }
    var at = start
    while at < bytes.count {
      let next = table.character(bytes, at)
      if next.class == .number {
        pieceEnd = at == start ? at + next.length : at
        return
      }
      at += next.length
    }
    pieceEnd = bytes.count
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private func gpt2End(_ start: Int, limit: Int) -> Int {
    if bytes[start] == UInt8(ascii: "'"),
      let end = contractionEnd(start, limit: limit, anyCase: false)
    {
      return end
    }
    let body = bytes[start] == UInt8(ascii: " ") && start + 1 < limit ? start + 1 : start
    let first = table.character(bytes, body)
    if first.class.isSpace { return spacesEnd(start, limit: limit, newlines: false) }
    var at = body + first.length
    let kind = first.class == .mark ? .other : first.class
    while at < limit {
      let next = table.character(bytes, at)
      guard (next.class == .mark ? .other : next.class) == kind else { break }
      at += next.length
    }
    return at
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*`
  /// `|\s*[\r\n]+|\s+(?!\S)|\s+`
  private func llama3End(_ start: Int, digits: Int, marks: Bool) -> Int {
    let limit = bytes.count
    if bytes[start] == UInt8(ascii: "'"),
      let end = contractionEnd(start, limit: limit, anyCase: true)
    {
      return end
    }
    func character(_ index: Int) -> (class: CharacterClass, length: Int) {
      let found = table.character(bytes, index)
      if found.class == .mark { return (marks ? .letter : .other, found.length) }
      return found
    }
    let first = character(start)
    var at = start + first.length
    if first.class == .number {
      var count = 1
      while count < digits, at < limit {
        let next = character(at)
        guard next.class == .number else { break }
        at += next.length
        count += 1
      }
      return at
    }
    var isWord = first.class == .letter
    if !isWord, first.class != .newline, at < limit {
      let next = character(at)
      isWord = next.class == .letter
      if isWord { at += next.length }
    }
    if isWord {
      while at < limit {
        let next = character(at)
        guard next.class == .letter else { break }
        at += next.length
      }
      return at
    }
    at = bytes[start] == UInt8(ascii: " ") ? start + 1 : start
    if at < limit, character(at).class == .other {
      while at < limit {
        let next = character(at)
        guard next.class == .other else { break }
        at += next.length
      }
      while at < limit, bytes[at] == 0x0A || bytes[at] == 0x0D { at += 1 }
      return at
    }
    return spacesEnd(start, limit: limit, newlines: true)
  }

  /// `\s+(?!\S)|\s+`, where `newlines` after `\s*[\r\n]+|`.
  private func spacesEnd(_ start: Int, limit: Int, newlines: Bool) -> Int {
    var at = start
    var last = start
    var newlineEnd = 0
    while at < limit {
      let next = table.character(bytes, at)
      guard next.class.isSpace else { break }
      last = at
      at += next.length
      if next.class == .newline { newlineEnd = at }
    }
    if newlines, newlineEnd > 0 { return newlineEnd }
    return at == limit || last == start ? at : last
  }

  /// English contractions; in any case also the long s, which regular expressions fold into "s".
  private func contractionEnd(_ start: Int, limit: Int, anyCase: Bool) -> Int? {
    guard start + 1 < limit else { return nil }
    let fold: UInt8 = anyCase ? 0x20 : 0
    func isLetter(_ index: Int, _ letter: Unicode.Scalar) -> Bool {
      bytes[index] == UInt8(ascii: letter) || bytes[index] | fold == UInt8(ascii: letter)
    }
    for letter: Unicode.Scalar in ["s", "t", "m", "d"] where isLetter(start + 1, letter) {
      return start + 2
    }
    guard start + 2 < limit else { return nil }
    if anyCase, bytes[start + 1] == 0xC5, bytes[start + 2] == 0xBF { return start + 3 }
    let isPair =
      isLetter(start + 1, "r") && isLetter(start + 2, "e")
      || isLetter(start + 1, "v") && isLetter(start + 2, "e")
      || isLetter(start + 1, "l") && isLetter(start + 2, "l")
    return isPair ? start + 3 : nil
  }
}
