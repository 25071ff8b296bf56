#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import SparrowTestSupport
import Testing

@testable import SparrowCore

/// Where atomic files and folders may appear.
struct PlaceTests {
  @Test("a file is not put over a folder or a device, and a link's target is replaced")
  func files() throws {
    let folder = try TemporaryFolder()
    for place in ["", "/dev/null", folder.path, folder.path + "/", folder.file("none/a")] {
      #expect(throws: SparrowError.self) { try AtomicFile.check(path: place) }
    }
    try folder.write("target", "old")
    #expect(symlink("target", folder.file("link")) == 0)
    var file = try AtomicFile(path: folder.file("link"))
    try file.write(Array("new".utf8))
    try file.commit()
    #expect(try folder.read("target") == Array("new".utf8))
    #expect(folder.names == ["link", "target"])
  }

  @Test("a folder is checked without a trace, those above it missing or not")
  func folders() throws {
    let folder = try TemporaryFolder()
    try folder.write("file", "mine")
    try AtomicFolder.check(path: folder.file("new"), names: [])
    try AtomicFolder.check(path: folder.file("new/below/"), names: [])
    for place in [
      "", ".", "..", "/", folder.path + "/.", folder.file("file"), folder.file("file/a"),
    ] {
      #expect(throws: SparrowError.self) { try AtomicFolder.check(path: place, names: nil) }
    }
    #expect(throws: SparrowError.self) { try AtomicFolder.check(path: folder.path, names: ["a"]) }
    #expect(folder.names == ["file"])
  }
}
