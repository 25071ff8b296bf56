/// The name of one of several files that are one model: `m-00002-of-00003.gguf`.
///
/// llama.cpp and the hub number parts alike: from 1, five digits each, behind the stem that all
/// share.
package struct SplitName: Equatable, Sendable {
  /// What all parts share, folders included.
  package let stem: String
  /// Which part this is, from 1 where the name is right.
  package let number: Int
  package let count: Int
  /// With its point: `.gguf`.
  package let suffix: String

  /// Nil where `path` does not end in numbers of this form and `suffix`, in letters of any case.
  package init?(_ path: String, suffix: String) {
    let bytes = Array(path.utf8)
    let end = bytes.count - suffix.utf8.count
    let marks = "-00000-of-00000".utf8.count
    guard end > marks, path.lowercased().hasSuffix(suffix.lowercased()) else { return nil }
    let text = bytes[(end - marks)..<end]
    let start = text.startIndex
    guard text[start] == UInt8(ascii: "-"),
      text[(start + 6)..<(start + 10)].elementsEqual("-of-".utf8),
      let number = Self.digits(text[(start + 1)..<(start + 6)]),
      let count = Self.digits(text[(start + 10)...])
    else { return nil }
    self.stem = String(decoding: bytes[..<start], as: UTF8.self)
    self.number = number
    self.count = count
    self.suffix = String(decoding: bytes[end...], as: UTF8.self)
  }

  /// The path of the `number`-th part of `count`.
  package func part(_ number: Int, of count: Int) -> String {
    stem + Self.ending(number, of: count) + suffix
  }

  /// `-00002-of-00003`.
  package static func ending(_ number: Int, of count: Int) -> String {
    func padded(_ value: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "-\(padded(number))-of-\(padded(count))"
  }

  private static func digits(_ text: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in text {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
