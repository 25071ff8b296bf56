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

  /// The stand-ins of some bytes as UTF-8, and for each of its bytes and its end the byte that it
  /// stands for: the places of `text`.
  static func encode(_ text: UnsafeBufferPointer<UInt8>) -> (mapped: [UInt8], places: [Int]) {
    let table = scalars
    var mapped: [UInt8] = []
    var places: [Int] = []
    for (index, byte) in text.enumerated() {
      let scalar = table[Int(byte)]
      if scalar < 0x80 {
        mapped.append(UInt8(scalar))
      } else {
        mapped += [0xC0 | UInt8(scalar >> 6), 0x80 | UInt8(scalar & 0x3F)]
        places.append(index)
      }
      places.append(index)
    }
    return (mapped, places + [text.count])
  }

  /// The scalar for each byte.
  private static let scalars: [UInt16] = {
    var table = [UInt16](repeating: 0, count: 256)
    for (scalar, byte) in bytes.enumerated() where byte >= 0 {
      table[Int(byte)] = UInt16(scalar)
    }
    return table
  }()

  /// Appends the bytes that `text` (UTF-8) stands for; false, with `out` as before, when a scalar
  /// is not of the alphabet.
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
