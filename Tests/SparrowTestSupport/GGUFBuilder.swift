/// Makes GGUF files for tests, right ones and lying ones.
public struct GGUFBuilder {
  public enum Value: Sendable {
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

  public struct Tensor {
    public var name: [UInt8]
    /// GGUF's order: fastest first.
    public var dimensions: [UInt64]
    public var type: UInt32
    public var offset: UInt64
  }

  public var magic = Array("GGUF".utf8)
  public var version: UInt32 = 3
  public var entries: [(key: [UInt8], value: Value)] = []
  public var tensors: [Tensor] = []
  public var data: [UInt8] = []
  public var alignment = 32
  /// Counts that lie.
  public var tensorCount: UInt64?
  public var entryCount: UInt64?

  public init() {}

  public mutating func set(_ key: String, _ value: Value) {
    entries.append((Array(key.utf8), value))
  }

  /// Adds a tensor with its bytes at the next aligned offset.
  public mutating func add(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, bytes: [UInt8])
  {
    data += Array(repeating: 0, count: (alignment - data.count % alignment) % alignment)
    tensors.append(
      Tensor(
        name: Array(name.utf8), dimensions: dimensions, type: type, offset: UInt64(data.count)))
    data += bytes
  }

  public var bytes: [UInt8] {
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
}

public func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A GGUF string: length, then bytes.
public func text(_ bytes: [UInt8]) -> [UInt8] { little(UInt64(bytes.count)) + bytes }
public func text(_ string: String) -> [UInt8] { text(Array(string.utf8)) }
