import SparrowCore
import SparrowTestSupport
import Testing

@Suite struct FileTests {
  @Test func mapsAndReleases() throws {
    let folder = try TemporaryFolder()
    let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let file = try MappedFile(path: folder.write("a", content))
    #expect(Array(file.bytes) == content)
    file.release(0..<content.count)
    file.release(100..<200)
    file.release(0..<(1 << 40))
    #expect(Array(file.bytes) == content)
    var hash = SHA256()
    hash.update(content)
    #expect(SHA256.hex(of: file) == hash.hexDigest())
    withExtendedLifetime(file) {}
  }

  @Test func emptyFilesMapToNothing() throws {
    let folder = try TemporaryFolder()
    #expect(try MappedFile(path: folder.write("empty", "")).bytes.isEmpty)
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    for path in [folder.path, folder.file("missing"), "/dev/zero", ""] {
      let error = #expect(throws: SparrowError.self) { try MappedFile(path: path) }
      #expect(error?.kind == .system)
    }
    #expect(isFolder(folder.path) == true)
    #expect(isFolder("/dev/zero") == false)
    #expect(isFolder(folder.file("missing")) == nil)
  }

  @Test func atomicFilesAppearWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a", "old")
    do {
      var file = try AtomicFile(path: path)
      try file.write(Array("half".utf8))
      #expect(folder.names.count == 2)
    }
    #expect(folder.names == ["a"])
    #expect(try folder.read("a") == Array("old".utf8))
    var file = try AtomicFile(path: path)
    try file.write(Array("new ".utf8))
    try file.write(Array("text".utf8))
    try file.commit()
    #expect(try folder.read("a") == Array("new text".utf8))
    #expect(folder.names == ["a"])
  }

  @Test func atomicFoldersAppearWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("above/a")
    do {
      let place = try AtomicFolder(path: path, names: nil)
      try Files.makeFolder(place.temporary + "/inner")
      try Files.write([1], to: place.temporary + "/inner/b")
    }
    #expect(Files.allFiles(under: folder.path).isEmpty && isFolder(path) == nil)
    for content in ["old", "new"] {
      let place = try AtomicFolder(path: path + "/", names: nil)
      try Files.makeFolder(place.temporary + "/inner")
      try Files.write(Array(content.utf8), to: place.temporary + "/inner/" + content)
      try place.commit()
    }
    #expect(Files.allFiles(under: folder.path) == ["above/a/inner/new"])
  }

  /// What a folder holds beside the names that a writer knows is not the writer's to remove.
  @Test func atomicFoldersLeaveOthersFilesAlone() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    try Files.makeFolder(path)
    try folder.write("a/known", "old")
    let place = try AtomicFolder(path: path, names: ["known"])
    try Files.write(Array("new".utf8), to: place.temporary + "/known")
    try folder.write("a/stranger", "kept")
    try place.commit()
    #expect(try folder.read("a/known") == Array("new".utf8))
    let stranger = Files.allFiles(under: folder.path).first { $0.hasSuffix("/stranger") }
    #expect(try folder.read(#require(stranger)) == Array("kept".utf8))
    try folder.write("a/stranger", "kept")
    #expect(throws: SparrowError.self) { _ = try AtomicFolder(path: path, names: ["known"]) }
  }

  @Test func messagesHoldNoControlCharacters() {
    let error = SparrowError(
      .malformed, file: "a\nb", field: "c\u{1B}[31m", found: "d\u{2028}e", expected: "f\u{85}g")
    #expect(error.description == "a b: c [31m: d e; expected f g")
  }
}
