import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

@Suite struct GGUFParserTests {
  @Test func readsEveryValueType() throws {
    let (metadata, _) = try parseGGUF(GGUFBuilder.sample.bytes)
    #expect(metadata.keys.count == 18)
    #expect(metadata.keys.first == "general.architecture")
    #expect(try metadata.string("general.architecture") == "llama")
    let integers = ["a.uint8", "a.int8", "a.uint16", "a.int16", "a.int32", "a.uint64", "a.int64"]
    #expect(
      try integers.map { try metadata.int($0) }
        == [200, -5, 60_000, -300, -70_000, 1 << 40, -1 << 40])
    #expect(try metadata.double("a.float32") == 0.5)
    #expect(try metadata.double("a.float64") == -2.25)
    #expect(try metadata.double("a.int8") == -5)
    #expect(try metadata.bool("a.bool"))
    #expect(try metadata.floats("scores") == [1.5, -1])
    #expect(try metadata.ints("types") == [1, -2, 3])
    #expect(try metadata.ints("flags") == [1, 0])
    guard case .large(.max) = metadata["a.large"] else {
      Issue.record("a.large")
      return
    }
    guard case .arrays(let arrays) = metadata["nested"], arrays.count == 2,
      case .numbers(let numbers) = arrays[0], case .strings(let empty) = arrays[1]
    else {
      Issue.record("nested")
      return
    }
    #expect(numbers.int(at: 0) == 7)
    #expect(numbers.double(at: 0) == 7)
    #expect(empty.count == 0)
  }

  @Test func stringsAreViewsOfBytes() throws {
    let (metadata, _) = try parseGGUF(GGUFBuilder.sample.bytes)
    let tokens = try metadata.strings("tokens")
    #expect(tokens.count == 3)
    #expect(tokens.string(at: 0) == "a")
    #expect(tokens.bytes(at: 1).isEmpty)
    #expect(Array(tokens.bytes(at: 2)) == [0xC3, 0x28])
    #expect(tokens.string(at: 2) == "\u{FFFD}(")
  }

  @Test func readsTensors() throws {
    let bytes = GGUFBuilder.sample.bytes
    let (_, tensors) = try parseGGUF(bytes)
    #expect(tensors.map(\.name) == ["token_embd.weight", "blk.0.q", "scalar"])
    #expect(tensors.map(\.shape) == [[3, 4], [2, 32], []])
    #expect(tensors.map(\.type) == [.f32, .q8_0, .f16])
    #expect(tensors.map(\.elementCount) == [12, 64, 1])
    #expect(tensors.map(\.byteCount) == [48, 68, 2])
    #expect(tensors.allSatisfy { $0.offset % 32 == 0 })
    let first = tensors[0]
    #expect(
      Array(bytes[first.offset..<(first.offset + first.byteCount)]) == (0..<48).map { UInt8($0) })
  }

  @Test func readsVersion2AndFilesWithoutTensors() throws {
    var builder = GGUFBuilder()
    builder.version = 2
    builder.set("k", .bool(false))
    let (metadata, tensors) = try parseGGUF(builder.bytes)
    #expect(try metadata.bool("k") == false)
    #expect(tensors.isEmpty)
    // Vocabulary files end where the header ends, without padding.
    let unpadded = Array(builder.bytes.prefix(24 + 8 + 1 + 4 + 1))
    #expect(try parseGGUF(unpadded).tensors.isEmpty)
  }

  @Test func honoursAlignment() throws {
    var builder = GGUFBuilder()
    builder.alignment = 64
    builder.set("general.alignment", .uint32(64))
    builder.add("a", [2], bytes: [1, 2, 3, 4, 5, 6, 7, 8])
    builder.add("b", [2], bytes: [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try parseGGUF(builder.bytes).tensors.map { $0.offset % 64 } == [0, 0])
  }

  @Test func typedAccessNamesFileKeyFoundAndExpected() throws {
    let (metadata, _) = try parseGGUF(GGUFBuilder.sample.bytes)
    expectError("memory: missing: no such metadata; expected an integer") {
      _ = try metadata.int("missing")
    }
    expectError("memory: a.bool: a boolean; expected an integer", .mismatch) {
      _ = try metadata.int("a.bool", default: 1)
    }
    expectError("a.large: an integer", .mismatch) { _ = try metadata.int("a.large") }
    expectError("a.int8: an integer; expected a string", .mismatch) {
      _ = try metadata.string("a.int8")
    }
    expectError("types: an array of 3 int32 values; expected an array of strings", .mismatch) {
      _ = try metadata.strings("types")
    }
    expectError("tokens: an array of 3 strings", .mismatch) { _ = try metadata.floats("tokens") }
    expectError("scores: an array", .mismatch) { _ = try metadata.ints("scores") }
    expectError("flags: an array", .mismatch) { _ = try metadata.floats("flags") }
    #expect(try metadata.int("missing", default: 3) == 3)
    #expect(try metadata.double("missing", default: 3) == 3)
    #expect(try metadata.bool("missing", default: true))
    #expect(try metadata.string("missing", default: "x") == "x")
  }

  @Test func keysDifferByBytesNotByCanonicalEquivalence() throws {
    var builder = GGUFBuilder()
    builder.set("\u{E9}", .bool(true))
    builder.set("e\u{301}", .bool(false))
    let (metadata, _) = try parseGGUF(builder.bytes)
    #expect(try metadata.bool("\u{E9}"))
    #expect(try !metadata.bool("e\u{301}"))
  }
}
