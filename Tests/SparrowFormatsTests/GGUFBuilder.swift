/// Makes GGUF files for tests, right ones and lying ones.
struct GGUFBuilder {
  enum Value {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case int64(Int64)
    case float32(Float)
    case float64(Double)
    case bool(Bool)
    case string([UInt8])
    /// Elements of one type: its number, their count, their bytes.
    case array(UInt32, UInt64, [UInt8])
    /// Any type number with any bytes.
    case raw(UInt32, [UInt8])
  }

  struct Tensor {
    var name: [UInt8]
    /// GGUF's order: fastest first.
    var dimensions: [UInt64]
    var type: UInt32
    var offset: UInt64
  }

  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var entries: [(key: [UInt8], value: Value)] = []
  var tensors: [Tensor] = []
  var data: [UInt8] = []
  var alignment = 32
  /// Counts that lie.
  var tensorCount: UInt64?
  var entryCount: UInt64?

  mutating func set(_ key: String, _ value: Value) { entries.append((Array(key.utf8), value)) }

  /// Adds a tensor with its bytes at the next aligned offset.
  mutating func add(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, bytes: [UInt8]) {
    data += Array(repeating: 0, count: (alignment - data.count % alignment) % alignment)
    tensors.append(
      Tensor(
        name: Array(name.utf8), dimensions: dimensions, type: type, offset: UInt64(data.count)))
    data += bytes
  }

  var bytes: [UInt8] {
    var out = magic + little(version)
    out += little(tensorCount ?? UInt64(tensors.count))
    out += little(entryCount ?? UInt64(entries.count))
    for (key, value) in entries { out += text(key) + encode(value) }
    for tensor in tensors {
      out += text(tensor.name) + little(UInt32(tensor.dimensions.count))
      for dimension in tensor.dimensions { out += little(dimension) }
      out += little(tensor.type) + little(tensor.offset)
    }
    out += Array(repeating: 0, count: (alignment - out.count % alignment) % alignment)
    return out + data
  }

  private func encode(_ value: Value) -> [UInt8] {
    switch value {
    case .uint8(let v): number(0) + [v]
    case .int8(let v): number(1) + [UInt8(bitPattern: v)]
    case .uint16(let v): number(2) + little(v)
    case .int16(let v): number(3) + little(v)
    case .uint32(let v): number(4) + little(v)
    case .int32(let v): number(5) + little(v)
    case .float32(let v): number(6) + little(v.bitPattern)
    case .bool(let v): number(7) + [v ? 1 : 0]
    case .string(let v): number(8) + text(v)
    case .array(let type, let count, let bytes):
      number(9) + number(type) + little(count) + bytes
    case .uint64(let v): number(10) + little(v)
    case .int64(let v): number(11) + little(v)
    case .float64(let v): number(12) + little(v.bitPattern)
    case .raw(let type, let bytes): number(type) + bytes
    }
  }

  private func number(_ type: UInt32) -> [UInt8] { little(type) }

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

func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A GGUF string: length, then bytes.
func text(_ bytes: [UInt8]) -> [UInt8] { little(UInt64(bytes.count)) + bytes }
func text(_ string: String) -> [UInt8] { text(Array(string.utf8)) }
