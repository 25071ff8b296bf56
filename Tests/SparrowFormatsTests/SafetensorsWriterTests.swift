import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

@Suite struct SafetensorsWriterTests {
  @Test func writesWhatTheReferenceWriterWrites() throws {
    var writer = SafetensorsWriter()
    writer.annotate("format", "replaced")
    writer.annotate("format", "a \"quoted\"\nline")
    try writer.add(name: "b.weight", shape: [2, 3], floats: (0..<6).map { Float($0) / 4 })
    let halves = (0..<4).flatMap { little((Float16($0) - 1.5).bitPattern) }
    try writer.add(name: "a.half", type: .f16, shape: [4], bytes: halves)
    try writer.add(name: "c.bytes", type: .u8, shape: [5], bytes: [0, 1, 2, 3, 4])
    let longs = little(Int64(1) << 40) + little(Int64(-1))
    try writer.add(name: "é.long", type: .i64, shape: [2], bytes: longs)
    try writer.add(
      name: "d.int", type: .i32, shape: [2], bytes: little(Int32(7)) + little(Int32(-7)))
    try writer.add(name: "empty", shape: [0, 3], floats: [])
    try writer.add(name: "scalar", shape: [], floats: [2.5])
    let reference = try contents(of: Fixtures.path("formats/reference.safetensors"))
    #expect(writer.fileBytes() == reference)
  }

  @Test func readsBackWhatItWrote() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    writer.annotate("plan", "{\"x\": 1}")
    writer.annotate("base", "é")
    try writer.add(name: "u", type: .i8, shape: [3], bytes: [1, 2, 3])
    try writer.add(name: "v", shape: [2, 1], floats: [1, -2])
    let path = folder.file("adapter.safetensors")
    try writer.write(to: path)
    let checkpoint = try Checkpoint.open(path)
    #expect(try writer.contentHash { _ in [] } == checkpoint.contentHash())
    #expect(checkpoint.tensors.map(\.name) == ["v", "u"])
    #expect(checkpoint.annotations.map(\.key) == ["plan", "base"])
    #expect(checkpoint.annotations.map(\.value) == ["{\"x\": 1}", "é"])
    let u = try #require(checkpoint["u"])
    #expect(Array(checkpoint.bytes(of: u)) == [1, 2, 3])
    #expect(folder.names == ["adapter.safetensors"])
  }

  @Test func announcedTensorsAreAskedForInFileOrder() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    try writer.announce(name: "b", type: .u8, shape: [2])
    try writer.add(name: "c", shape: [1], floats: [4])
    try writer.announce(name: "a", type: .u8, shape: [1])
    var asked: [String] = []
    let path = folder.file("a.safetensors")
    try writer.write(to: path) { name throws(SparrowError) in
      asked.append(name)
      return name == "a" ? [7] : [8, 9]
    }
    #expect(asked == ["a", "b"])
    let checkpoint = try Checkpoint.open(path)
    #expect(Array(checkpoint.bytes(of: checkpoint["b"]!)) == [8, 9])
    expectError("3 bytes; expected 1", .argument) {
      try writer.write(to: path) { _ throws(SparrowError) in [1, 2, 3] }
    }
    #expect(folder.names == ["a.safetensors"])
  }

  @Test func replacesAnOldFileAndKeepsItOnFailure() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", "old")
    try SafetensorsWriter().write(to: path)
    #expect(try Checkpoint.open(path).tensors.isEmpty)
    expectError("expected a folder to write to", .system) {
      try SafetensorsWriter().write(to: folder.file("missing/a.safetensors"))
    }
    #expect(folder.names == ["a.safetensors"])
  }

  @Test func refusesWhatCannotBeWritten() throws {
    var writer = SafetensorsWriter()
    try writer.add(name: "a", type: .u8, shape: [1], bytes: [0])
    expectError("a second one", .argument) {
      try writer.add(name: "a", type: .u8, shape: [1], bytes: [0])
    }
    expectError("3 bytes; expected 8 for F32 of shape [2]", .argument) {
      try writer.add(name: "b", type: .f32, shape: [2], bytes: [0, 0, 0])
    }
    expectError("a type that safetensors has", .argument) {
      try writer.add(name: "b", type: .q8_0, shape: [32], bytes: Array(repeating: 0, count: 34))
    }
    expectError("none negative", .argument) {
      try writer.add(name: "b", type: .u8, shape: [-1, -1], bytes: [0])
    }
    expectError("a product under 2^63", .argument) {
      try writer.add(name: "b", type: .u8, shape: [1 << 62, 1 << 62], bytes: [])
    }
    for name in ["", "a\0", "__metadata__"] {
      expectError("a name that cannot be written", .argument) {
        try writer.add(name: name, type: .u8, shape: [0], bytes: [])
      }
    }
  }
}
