internal import SparrowCore

/// The merges of a byte-pair encoding: pairs of tokens to the token they become, best first.
///
/// 12 bytes a merge and 4 to 8 a slot: half a million merges take 10 MB.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    let left: Int32
    let right: Int32
    let merged: Int32
  }

  /// In the order of the file: the index is the rank.
  private var merges: [Merge] = []
  /// Rank + 1, or 0 for a free slot; the size is a power of two.
  private var slots: [UInt32]

  init(reserving count: Int) {
    var size = 16
    while size < count + count / 2 { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    merges.reserveCapacity(count)
  }

  var count: Int { merges.count }

  /// Adds the merge of the next rank; a pair that is there already keeps its better rank.
  mutating func append(_ merge: Merge) {
    precondition(merges.count < slots.count - slots.count / 4, "more merges than reserved")
    merges.append(merge)
    var slot = start(merge.left, merge.right)
    while slots[slot] != 0 {
      let other = merges[Int(slots[slot]) - 1]
      if other.left == merge.left, other.right == merge.right { return }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = UInt32(merges.count)
  }

  /// The rank and the result of a pair; nil where it does not merge. Expected constant time.
  @inline(__always)
  func find(_ left: Int32, _ right: Int32) -> (rank: UInt32, merged: Int32)? {
    var slot = start(left, right)
    while slots[slot] != 0 {
      let rank = slots[slot] - 1
      let merge = merges[Int(rank)]
      if merge.left == left, merge.right == right { return (rank, merge.merged) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Takes all merges, in their order, into a hash.
  func fold(into hash: inout SHA256) {
    merges.withUnsafeBytes { hash.update($0) }
  }

  @inline(__always)
  private func start(_ left: Int32, _ right: Int32) -> Int {
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    let product = (key &* 0x9E37_79B9_7F4A_7C15)
    return Int(truncatingIfNeeded: product >> 32 ^ product >> 7) & (slots.count - 1)
  }
}
