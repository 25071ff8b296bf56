/// A name compared byte by byte: `String` would take canonically equivalent names for one.
struct NameKey: Hashable, Sendable {
  let name: String

  init(_ name: String) { self.name = name }

  static func == (a: NameKey, b: NameKey) -> Bool { a.name.utf8.elementsEqual(b.name.utf8) }

  func hash(into hasher: inout Hasher) {
    var name = name
    name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// The name in quotes for a message, cut where a hostile file made it long.
  var quoted: String {
    let head = unicodeScalars.prefix(96)
    return "'" + String(head) + (head.endIndex == unicodeScalars.endIndex ? "'" : "…'")
  }

  /// Whether the name holds a NUL or another control character.
  var hasControlCharacter: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}
