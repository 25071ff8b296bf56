import SparrowTestSupport

extension GGUFBuilder {
  /// A file with every kind of value and several tensors, a few hundred bytes.
  static var sample: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.set("general.architecture", .string(Array("llama".utf8)))
    builder.set("general.alignment", .uint32(32))
    builder.set("a.uint8", .uint8(200))
    builder.set("a.int8", .int8(-5))
    builder.set("a.uint16", .uint16(60_000))
    builder.set("a.int16", .int16(-300))
    builder.set("a.int32", .int32(-70_000))
    builder.set("a.uint64", .uint64(1 << 40))
    builder.set("a.large", .uint64(.max))
    builder.set("a.int64", .int64(-1 << 40))
    builder.set("a.float32", .float32(0.5))
    builder.set("a.float64", .float64(-2.25))
    builder.set("a.bool", .bool(true))
    builder.set("tokens", .array(8, 3, text("a") + text("") + text([0xC3, 0x28])))
    builder.set(
      "scores", .array(6, 2, little(Float(1.5).bitPattern) + little(Float(-1).bitPattern)))
    builder.set("types", .array(5, 3, little(Int32(1)) + little(Int32(-2)) + little(Int32(3))))
    builder.set("flags", .array(7, 2, [1, 0]))
    let inner = little(UInt32(4)) + little(UInt64(1)) + little(UInt32(7))
    let empty = little(UInt32(8)) + little(UInt64(0))
    builder.set("nested", .array(9, 2, inner + empty))
    builder.add("token_embd.weight", [4, 3], bytes: (0..<48).map { UInt8($0) })
    builder.add("blk.0.q", [32, 2], type: 8, bytes: Array(repeating: 7, count: 68))
    builder.add("scalar", [], type: 1, bytes: [0, 60])
    return builder
  }
}
