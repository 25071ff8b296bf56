import Testing

/// A room's folders have an order in which each uses only those before it.
struct FolderTests {
  private static let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "actor"]

  /// Types that a source declares outside all others.
  private static func types(_ words: [SwiftWord]) -> Set<String> {
    var found: Set<String> = []
    var depth = 0
    for (word, next) in zip(words, words.dropFirst()) {
      if word == .sign("{") { depth += 1 }
      if word == .sign("}") { depth -= 1 }
      guard depth == 0, case .name(let kind) = word, kinds.contains(kind) else { continue }
      if case .name(let name) = next, name != "func" { found.insert(name) }
    }
    return found
  }

  /// For each folder those whose types it names; files beside the folders are one, the room's own.
  private static func uses(_ room: String) throws -> [String: Set<String>] {
    var declared: [String: Set<String>] = [:]
    var named: [String: Set<String>] = [:]
    let start = room.split(separator: "/").count
    for file in House.files(in: room) {
      let parts = file.split(separator: "/")
      let folder = parts.count > start + 1 ? String(parts[start]) : room
      let words = SwiftWord.words(try House.bytes(file))
      for type in types(words) { declared[type, default: []].insert(folder) }
      for case .name(let name) in words { named[folder, default: []].insert(name) }
    }
    var uses: [String: Set<String>] = [:]
    for (folder, names) in named {
      // A name that several folders declare is private to files of each.
      let owners = names.compactMap { declared[$0] }.filter { $0.count == 1 }
      uses[folder] = Set(owners.joined()).subtracting([folder])
    }
    return uses
  }

  @Test("no folders of a room use each other in a circle")
  func order() throws {
    let rooms = Set(
      House.files(in: "Sources").map { $0.split(separator: "/")[1] }.map { String($0) })
    #expect(rooms.count > 15)
    for room in rooms.sorted() {
      let found = cycles(try Self.uses("Sources/" + room)).map { $0.sorted() }
      #expect(found.isEmpty, "\(room): \(found)")
    }
  }

  @Test("comments and strings are not words, interpolations are")
  func words() {
    let source = #"""
      // class A
      /* struct B */ struct C { let d = "enum E \(F("g" + h))" + #"\(I)"# }
      """#
    let words = SwiftWord.words(Array(source.utf8))
    let names = words.compactMap { if case .name(let name) = $0 { name } else { nil } }
    #expect(names == ["struct", "C", "let", "d", "F", "h"])
    #expect(words.contains(.string("g")) && words.contains(.string(#"\(I)"#)))
    #expect(Self.types(words) == ["C"])
  }
}
