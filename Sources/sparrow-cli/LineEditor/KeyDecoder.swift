/// Makes keys of the bytes that a terminal sends: UTF-8, control characters, escape sequences of
/// xterm and its kin, bracketed paste. What it does not know it drops.
struct KeyDecoder {
  private var pending: [UInt8] = []
  private var pasted: [UInt8]?

  private static let escape: UInt8 = 27
  private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

  /// True after the Escape key or the beginning of a sequence: only time tells which.
  var isInDoubt: Bool { pasted == nil && !pending.isEmpty }

  /// The keys that are whole with these bytes; the rest waits for more.
  mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] {
    pending += bytes
    var keys: [Key] = []
    while !pending.isEmpty {
      let count = pasted == nil ? next(&keys) : paste(&keys)
      guard count > 0 else { break }
      pending.removeFirst(count)
    }
    return keys
  }

  /// What the pending bytes mean when nothing follows them.
  mutating func settle() -> [Key] {
    guard isInDoubt else { return [] }
    defer { pending = [] }
    return pending[0] == Self.escape ? [.escape] : []
  }

  /// Decodes one key, or a run of text, at the front; gives the bytes it took, 0 when more are
  /// needed.
  private mutating func next(_ keys: inout [Key]) -> Int {
    switch pending[0] {
    case Self.escape: return sequence(&keys)
    case 13, 10: keys.append(.enter)
    case 127, 8: keys.append(.backspace)
    case 9: keys.append(.text("\t"))
    case 0..<32: keys.append(.control(Character(UnicodeScalar(pending[0] + 96))))
    default: return text(&keys)
    }
    return 1
  }

  private func text(_ keys: inout [Key]) -> Int {
    let run = pending.prefix { $0 >= 32 && $0 != 127 }
    let isLast = run.count == pending.count
    let whole = isLast ? run.count - Self.unfinished(run) : run.count
    if whole > 0 { keys.append(.text(String(decoding: run.prefix(whole), as: UTF8.self))) }
    return whole
  }

  /// Bytes at the end that begin a character and do not end it.
  private static func unfinished(_ bytes: ArraySlice<UInt8>) -> Int {
    for (back, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back + 1 ? back + 1 : 0
    }
    return 0
  }

  /// An escape sequence, or a key pressed with Alt.
  private mutating func sequence(_ keys: inout [Key]) -> Int {
    guard pending.count > 1 else { return 0 }
    switch pending[1] {
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      guard let end = pending[2...].firstIndex(where: { (0x40...0x7E).contains($0) }) else {
        // Nothing that a terminal sends is that long.
        return pending.count > 32 ? pending.count : 0
      }
      named(pending[2..<end], pending[end], &keys)
      return end + 1
    case Self.escape:
      return 1
    case 13, 10: keys.append(.newLine)
    case 127, 8: keys.append(.alt("\u{7F}"))
    case 33..<127: keys.append(.alt(Character(UnicodeScalar(pending[1]))))
    default: return 1
    }
    return 2
  }

  private mutating func named(
    _ parameters: ArraySlice<UInt8>, _ last: UInt8, _ keys: inout [Key]
  ) {
    let numbers = parameters.split(separator: UInt8(ascii: ";")).map {
      Int(String(decoding: $0, as: UTF8.self)) ?? 0
    }
    // With Alt, Ctrl or both an arrow goes by words.
    let isModified = numbers.count > 1 && numbers[1] > 2
    switch (UnicodeScalar(last), numbers.first) {
    case ("A", _): keys.append(.up)
    case ("B", _): keys.append(.down)
    case ("C", _): keys.append(isModified ? .wordRight : .right)
    case ("D", _): keys.append(isModified ? .wordLeft : .left)
    case ("H", _), ("~", 1), ("~", 7): keys.append(.home)
    case ("F", _), ("~", 4), ("~", 8): keys.append(.end)
    case ("~", 3): keys.append(.delete)
    case ("~", 200): pasted = []
    default: break
    }
  }

  /// Takes pasted bytes up to the mark that ends them.
  private mutating func paste(_ keys: inout [Key]) -> Int {
    let mark = Self.pasteEnd
    var at = 0
    while let start = pending[at...].firstIndex(of: Self.escape) {
      let rest = pending[start...].prefix(mark.count)
      if rest.elementsEqual(mark) {
        keys.append(.paste(Self.lines((pasted ?? []) + pending[..<start])))
        pasted = nil
        return start + mark.count
      }
      // Perhaps the mark's beginning.
      if rest.count < mark.count, mark.starts(with: rest) {
        pasted? += pending[..<start]
        return start
      }
      at = start + 1
    }
    pasted? += pending
    return pending.count
  }

  /// Pasted text, whose lines most terminals end by carriage returns.
  private static func lines(_ bytes: [UInt8]) -> String {
    var lines: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if byte == 13 {
        lines.append(10)
      } else if byte != 10 || index == 0 || bytes[index - 1] != 13 {
        lines.append(byte)
      }
    }
    return String(decoding: lines, as: UTF8.self)
  }
}
