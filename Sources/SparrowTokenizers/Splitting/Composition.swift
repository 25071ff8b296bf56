@_spi(_Unicode) private import Swift

/// Unicode's composed form, NFC.
enum Composition {
  /// The composed form of valid UTF-8; nil when `bytes` is all ASCII, which is composed already.
  static func composed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    for scalar in String(decoding: bytes, as: UTF8.self)._nfc {
      out.append(contentsOf: UTF8.encode(scalar)!)
    }
    return out
  }
}
