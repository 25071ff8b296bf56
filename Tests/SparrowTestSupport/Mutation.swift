public import SparrowCore

/// Damages files at random, for fuzz tests: the same seed damages in the same way.
public struct Mutator {
  public var random: SeededRandom

  public init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// Uniform in 0..<bound; 0 where the bound is 0.
  public mutating func below(_ bound: Int) -> Int {
    bound > 0 ? Int(random.next() % UInt64(bound)) : 0
  }

  /// The seed with one fault, or in a third of the cases up to four: flipped bits, changed bytes,
  /// numbers that lie, cuts, splices, runs repeated or dropped, and pieces of `donors`.
  public mutating func mutate(_ seed: [UInt8], donors: [[UInt8]] = []) -> [UInt8] {
    var bytes = seed
    for _ in 0...(below(3) == 0 ? below(4) : 0) where !bytes.isEmpty {
      let at = below(bytes.count)
      let run = at..<min(bytes.count, at + 1 + below(48))
      switch below(9) {
      case 0: bytes[at] ^= 1 << UInt8(below(8))
      case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
      case 2: lie(&bytes, at: at, width: 8)
      case 3: lie(&bytes, at: at, width: 4)
      case 4: bytes.removeLast(bytes.count - at)
      case 5: bytes.insert(contentsOf: bytes[run], at: below(bytes.count))
      case 6: bytes.removeSubrange(run)
      case 7: digit(&bytes, from: at)
      default:
        let donor = donors.isEmpty ? seed : donors[below(donors.count)]
        let start = below(donor.count)
        let piece = donor[start..<min(donor.count, start + 1 + below(64))]
        bytes.replaceSubrange(at..<min(bytes.count, at + piece.count), with: piece)
      }
    }
    return bytes
  }

  /// Overwrites a field with a number at which arithmetic likes to fail.
  private mutating func lie(_ bytes: inout [UInt8], at: Int, width: Int) {
    let lies: [UInt64] = [
      0, 1, 2, 31, 33, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 40,
      1 << 62, (1 << 63) - 1, 1 << 63, .max, .max - 7, .max - 31, UInt64(bytes.count),
      UInt64(bytes.count - at), UInt64(below(bytes.count)),
    ]
    let lie = lies[below(lies.count)]
    for index in 0..<min(width, bytes.count - at) {
      bytes[at + index] = UInt8(truncatingIfNeeded: lie >> UInt64(8 * index))
    }
  }

  /// Changes the next decimal digit, or makes a long number of it.
  private mutating func digit(_ bytes: inout [UInt8], from at: Int) {
    guard let found = bytes[at...].firstIndex(where: { (48...57).contains($0) }) else { return }
    bytes[found] = UInt8(48 + below(10))
    if below(3) == 0 {
      bytes.insert(contentsOf: Array("99999999999999999999".utf8).prefix(1 + below(20)), at: found)
    }
  }
}
