/// GPT-2's printable stand-ins for the 256 bytes, by which byte-level vocabularies are written.
///
/// Printable bytes of Latin-1 stand for themselves; the others take U+0100 and up, in order.
enum ByteAlphabet {
  /// The byte for each scalar below U+0144; -1 where there is none.
  private static let bytes: [Int16] = {
    var table = [Int16](repeating: -1, count: 0x144)
    var next = 0x100
    for byte in 0..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: table[byte] = Int16(byte)
      default:
        table[next] = Int16(byte)
        next += 1
      }
    }
    return table
  }()

  /// Appends the bytes that `text` (UTF-8) stands for; false, with `out` as before, when a scalar is not
  /// of the alphabet.
  static func decode(_ text: some Sequence<UInt8>, into out: inout [UInt8]) -> Bool {
    let table = bytes
    let before = out.count
    var lead = 0
    for byte in text {
      let scalar: Int
      if lead != 0 {
        guard byte & 0xC0 == 0x80 else { break }
        scalar = (lead & 0x1F) << 6 | Int(byte & 0x3F)
        lead = 0
      } else if byte < 0x80 {
        scalar = Int(byte)
      } else {
        lead = Int(byte)
        guard byte & 0xE0 == 0xC0 else { break }
        continue
      }
      guard scalar < table.count, table[scalar] >= 0 else {
        lead = -1
        break
      }
      out.append(UInt8(table[scalar]))
    }
    if lead == 0 { return true }
    out.removeLast(out.count - before)
    return false
  }
}
