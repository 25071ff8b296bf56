import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

/// Each way in which a GGUF file may lie is refused in words.
@Suite struct GGUFMalformedTests {
  private func refuse(
    _ part: String, _ kind: SparrowError.Kind = .malformed,
    sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout GGUFBuilder) -> Void
  ) {
    var builder = GGUFBuilder.sample
    change(&builder)
    expectError(part, kind, sourceLocation: sourceLocation) { _ = try parseGGUF(builder.bytes) }
  }

  @Test func headers() {
    refuse("expected 'GGUF'") { $0.magic = Array("GGML".utf8) }
    refuse("version (byte 8): 1; expected 2 or 3", .unsupported) { $0.version = 1 }
    refuse("version (byte 8): 4", .unsupported) { $0.version = 4 }
    refuse("big-endian", .unsupported) { $0.version = 3 << 24 }
    refuse("tensor count") { $0.tensorCount = .max }
    refuse("tensor count") { $0.tensorCount = 1 << 40 }
    refuse("metadata count") { $0.entryCount = 1 << 62 }
    refuse("expected") { $0.entryCount = 19 }
  }

  @Test func keys() {
    refuse("'a.bool' (byte") { $0.set("a.bool", .bool(false)) }
    refuse("each key once") { $0.set("a.bool", .bool(false)) }
    refuse("an empty name") { $0.set("", .bool(false)) }
    refuse("a control character") { $0.set("a\0b", .bool(false)) }
    refuse("a control character") { $0.set("a\u{1B}[2J", .bool(false)) }
    refuse("not UTF-8") { $0.entries.append(([0xFF, 0xFE], .bool(true))) }
    refuse("at most 65535 bytes") {
      $0.set(String(repeating: "k", count: 65_536), .bool(true))
    }
  }

  @Test func values() {
    refuse("unknown value type 13") { $0.set("k", .raw(13, [0])) }
    refuse("unknown value type 4294967295") { $0.set("k", .raw(.max, [])) }
    refuse("a boolean of value 2") { $0.set("k", .raw(7, [2])) }
    refuse("a boolean of value 9") { $0.set("k", .array(7, 2, [1, 9])) }
    refuse("not UTF-8") { $0.set("k", .string([0xC3, 0x28])) }
    refuse("a count that fits the file") { $0.set("k", .raw(8, little(UInt64.max))) }
    refuse("a count that fits the file") { $0.set("k", .array(8, 1 << 60, [])) }
    refuse("a count that fits the file") { $0.set("k", .array(12, 1 << 61, [])) }
    refuse("a count that fits the file") { $0.set("k", .array(0, .max, [])) }
    refuse("a count that fits the file") { $0.set("k", .array(9, 1 << 40, [])) }
    refuse("unknown value type 77") { $0.set("k", .array(77, 0, [])) }
    refuse("a count that fits the file") {
      $0.set("k", .array(8, 2, text("fine") + little(UInt64(1) << 50)))
    }
  }

  @Test func nestingHasABound() throws {
    func nested(_ depth: Int) -> [UInt8] {
      depth == 0
        ? little(UInt32(0)) + little(UInt64(0))
        : little(UInt32(9)) + little(UInt64(1)) + nested(depth - 1)
    }
    refuse("at most 4 levels") { $0.set("k", .raw(9, nested(4))) }
    refuse("at most 4 levels") { $0.set("k", .raw(9, nested(5_000))) }
    var builder = GGUFBuilder()
    builder.set("k", .raw(9, nested(3)))
    _ = try parseGGUF(builder.bytes)
    let many = (0..<70_000).flatMap { _ in little(UInt32(0)) + little(UInt64(0)) }
    refuse("arrays in arrays") { $0.set("k", .array(9, 70_000, many)) }
  }

  @Test func alignment() {
    for bad: UInt32 in [0, 1, 4, 12, 24, 48, 1 << 17, .max] {
      var builder = GGUFBuilder()
      builder.set("general.alignment", .uint32(bad))
      expectError("general.alignment") { _ = try parseGGUF(builder.bytes) }
    }
    var builder = GGUFBuilder()
    builder.set("general.alignment", .string([]))
    expectError("general.alignment", .mismatch) { _ = try parseGGUF(builder.bytes) }
  }

  @Test func tensorNames() {
    refuse("a second one of this name") { $0.tensors[1].name = $0.tensors[0].name }
    refuse("an empty name") { $0.tensors[1].name = [] }
    refuse("a control character") { $0.tensors[1].name = [65, 0, 66] }
    refuse("not UTF-8") { $0.tensors[1].name = [0xF0, 0x28] }
    refuse("at most 1024 bytes") { $0.tensors[1].name = Array(repeating: 65, count: 1_025) }
  }

  @Test func tensorTypes() {
    refuse("IQ2_XXS is not supported; expected one of F32, F16, Q4_0, Q4_1", .unsupported) {
      $0.tensors[1].type = 16
    }
    for (type, name) in [
      (9, "Q8_1"), (17, "IQ2_XS"), (18, "IQ3_XXS"), (19, "IQ1_S"), (21, "IQ3_S"), (22, "IQ2_S"),
      (29, "IQ1_M"), (40, "NVFP4"),
    ] as [(UInt32, String)] {
      refuse("\(name) is not supported", .unsupported) { $0.tensors[1].type = type }
    }
    refuse("unknown tensor type 4") { $0.tensors[1].type = 4 }
    refuse("unknown tensor type 4294967295") { $0.tensors[1].type = .max }
  }

  @Test func tensorShapes() {
    refuse("5 dimensions") { $0.tensors[0].dimensions = [1, 1, 1, 1, 1] }
    refuse("a dimension of 0") { $0.tensors[0].dimensions = [4, 0] }
    refuse("a dimension of 18446744073709551615") { $0.tensors[0].dimensions = [.max, 3] }
    refuse("a product under 2^63") { $0.tensors[0].dimensions = [1 << 40, 1 << 40] }
    refuse("a size under 2^63") { $0.tensors[0].dimensions = [1 << 40, 1 << 22] }
    refuse("a tensor inside the file") { $0.tensors[0].dimensions = [1 << 39] }
    refuse("rows of a multiple of 32 elements") { $0.tensors[1].dimensions = [16, 4] }
    refuse("rows of a multiple of 32 elements") { $0.tensors[1].dimensions = [] }
    for type in [10, 11, 12, 13, 14, 15, 23, 34, 35] as [UInt32] {
      refuse("rows of a multiple of 256 elements") {
        $0.tensors[1].type = type
        $0.tensors[1].dimensions = [128, 2]
      }
    }
    for type in [20, 39] as [UInt32] {
      refuse("rows of a multiple of 32 elements") {
        $0.tensors[1].type = type
        $0.tensors[1].dimensions = [16, 4]
      }
    }
  }

  @Test func tensorPlaces() {
    refuse("a multiple of 32") { $0.tensors[1].offset += 8 }
    refuse("a tensor inside the file") { $0.tensors[1].offset = 1 << 40 }
    refuse("a tensor inside the file") { $0.tensors[1].offset = .max - 31 }
    refuse("a tensor inside the file; is the file complete?") { $0.data.removeLast() }
    refuse("it overlaps tensor 'token_embd.weight'") { $0.tensors[1].offset = 0 }
    refuse("it overlaps") { $0.tensors[1].offset = 32 }
  }

  @Test func everyTruncationIsRefused() {
    let bytes = GGUFBuilder.sample.bytes
    for count in 0..<bytes.count {
      #expect(throws: SparrowError.self) { try parseGGUF(Array(bytes[..<count])) }
    }
  }

  @Test func messagesStayShort() {
    refuse("xxx…'", .unsupported) {
      $0.tensors[1].name = Array(repeating: UInt8(ascii: "x"), count: 1_000)
      $0.tensors[1].type = 16
    }
  }
}
