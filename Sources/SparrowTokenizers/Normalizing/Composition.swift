@_spi(_Unicode) private import Swift

/// Unicode's canonical forms.
enum Composition {
  /// The composed form of valid UTF-8, NFC; nil when `bytes` is all ASCII, which is composed
  /// already.
  static func composed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    changed(bytes) { $0._nfc }
  }

  /// The decomposed form, NFD; nil when `bytes` is all ASCII.
  static func decomposed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    changed(bytes) { $0._nfd }
  }

  private static func changed(
    _ bytes: UnsafeBufferPointer<UInt8>, _ form: (String) -> some Sequence<Unicode.Scalar>
  ) -> [UInt8]? {
    guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    for scalar in form(String(decoding: bytes, as: UTF8.self)) {
      out.append(contentsOf: UTF8.encode(scalar)!)
    }
    return out
  }
}
