internal import SparrowCore

/// A token table: ids to bytes and bytes to ids, in three flat arrays.
///
/// One blob of bytes, one offset a token and an open-addressing table of ids; no string is kept.
/// 262,144 tokens take about 5 MB. Only indexed tokens are found by their bytes: control tokens
/// must not come out of plain text.
public struct Vocabulary: Sendable {
  private var blob: [UInt8] = []
  /// `[count + 1]` starts in the blob.
  private var offsets: [UInt32] = [0]
  /// Id + 1, or 0 for a free slot; the size is a power of two.
  private var slots: [UInt32] = []
  /// Bytes of the longest token.
  private(set) var longest = 0

  /// Ids at and above this are refused: hostile files must not make large tables.
  static let maximumCount = 1 << 22

  init(reserving count: Int = 0) {
    offsets.reserveCapacity(count + 1)
    blob.reserveCapacity(count * 7)
  }

  /// Tokens, with the holes that no bytes stand for.
  public var count: Int { offsets.count - 1 }

  /// The bytes of token `id`; `id` must be in range.
  public func bytes(of id: Int32) -> ArraySlice<UInt8> {
    blob[Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])]
  }

  /// Length in bytes of token `id`; `id` must be in range.
  public func length(of id: Int32) -> Int { Int(offsets[Int(id) + 1] - offsets[Int(id)]) }

  /// The indexed token of exactly these bytes. Expected constant time.
  public func id(of bytes: UnsafeBufferPointer<UInt8>) -> Int32? {
    guard !slots.isEmpty, bytes.count <= longest else { return nil }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Self.hash(bytes)) & mask
    while slots[slot] != 0 {
      let id = Int(slots[slot]) - 1
      if equals(id, bytes) { return Int32(id) }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The indexed token of exactly these bytes.
  public func id(of bytes: [UInt8]) -> Int32? {
    bytes.withUnsafeBufferPointer { id(of: $0) }
  }

  /// Adds the next token, which is found by its bytes only after `index`.
  mutating func append(_ bytes: some Collection<UInt8>) {
    blob.append(contentsOf: bytes)
    offsets.append(UInt32(truncatingIfNeeded: blob.count))
    longest = max(longest, bytes.count)
  }

  /// Takes all tokens into a hash.
  func fold(into hash: inout SHA256) {
    offsets.withUnsafeBytes { hash.update($0) }
    hash.update(blob)
  }

  /// Whether the blob still fits its 32-bit offsets.
  var fits: Bool { blob.count <= Int(UInt32.max) }

  /// Makes tokens of one byte or more findable: all of `first`, and those of `second` whose bytes
  /// no other token has; returns two ids of `first` with the same bytes, when there are such.
  mutating func index(
    _ first: (Int) -> Bool, then second: (Int) -> Bool
  ) -> (Int, Int)? {
    var size = 16
    while size < count + count / 2 { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    for id in 0..<count where first(id) {
      if let other = insert(id) { return (other, id) }
    }
    for id in 0..<count where second(id) { _ = insert(id) }
    return nil
  }

  /// Makes one token findable, or returns the token that has its bytes.
  private mutating func insert(_ id: Int) -> Int? {
    let range = Int(offsets[id])..<Int(offsets[id + 1])
    if range.isEmpty { return nil }
    let mask = slots.count - 1
    return blob.withUnsafeBufferPointer { blob in
      let bytes = UnsafeBufferPointer(rebasing: blob[range])
      var slot = Int(truncatingIfNeeded: Self.hash(bytes)) & mask
      while slots[slot] != 0 {
        if equals(Int(slots[slot]) - 1, bytes) { return Int(slots[slot]) - 1 }
        slot = (slot + 1) & mask
      }
      slots[slot] = UInt32(id + 1)
      return nil
    }
  }

  private func equals(_ id: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = Int(offsets[id])
    guard Int(offsets[id + 1]) - start == bytes.count else { return false }
    for index in 0..<bytes.count where blob[start + index] != bytes[index] { return false }
    return true
  }

  /// A 64-bit hash of some bytes, eight at a time; not meant against chosen collisions.
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(bytes)
    var state = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: raw.count)
    var at = 0
    while raw.count - at >= 8 {
      state = mix(state ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    var tail: UInt64 = 0
    while at < raw.count {
      tail = tail << 8 | UInt64(raw[at])
      at += 1
    }
    return mix(state ^ tail)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
