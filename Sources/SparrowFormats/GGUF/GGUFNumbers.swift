internal import SparrowCore

/// An array of numbers or booleans that stays in the mapped file, and keeps the map alive.
public struct GGUFNumbers: Sendable {
  private let file: MappedFile
  private let start: Int
  let type: GGUFValueType
  public let count: Int

  /// The parser has checked that `count` values of a fixed-size `type` lie in the file from
  /// `start`.
  init(file: MappedFile, start: Int, type: GGUFValueType, count: Int) {
    self.file = file
    self.start = start
    self.type = type
    self.count = count
  }

  /// Value `index` as an integer; nil for floating point and for what does not fit. Booleans are 0
  /// and 1.
  public func int(at index: Int) -> Int? {
    switch type {
    case .uint8, .bool: Int(load(index, UInt8.self))
    case .int8: Int(load(index, Int8.self))
    case .uint16: Int(load(index, UInt16.self))
    case .int16: Int(load(index, Int16.self))
    case .uint32: Int(load(index, UInt32.self))
    case .int32: Int(load(index, Int32.self))
    case .uint64: Int(exactly: load(index, UInt64.self))
    case .int64: Int(load(index, Int64.self))
    case .float32, .float64, .string, .array: nil
    }
  }

  /// Value `index` as a number.
  public func double(at index: Int) -> Double {
    switch type {
    case .float32: Double(Float(bitPattern: load(index, UInt32.self)))
    case .float64: Double(bitPattern: load(index, UInt64.self))
    case .uint64: Double(load(index, UInt64.self))
    default: Double(int(at: index) ?? 0)
    }
  }

  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ index: Int, _: T.Type) -> T {
    precondition(index >= 0 && index < count, "index outside the array")
    let at = start + index * MemoryLayout<T>.size
    return T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: at, as: T.self))
  }
}
