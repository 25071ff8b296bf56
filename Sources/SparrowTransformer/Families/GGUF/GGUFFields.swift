import SparrowCore
import SparrowFormats

/// Typed, checked reading of an architecture's keys.
struct GGUFFields {
  let architecture: GGUFArchitecture
  let metadata: GGUFMetadata

  func key(_ suffix: String) -> String { architecture.name + "." + suffix }

  func has(_ suffix: String) -> Bool { value(suffix) != nil }

  func value(_ suffix: String) -> GGUFValue? {
    assert(architecture.reads.contains(suffix), "\(suffix) is not in the architecture's table")
    return metadata[key(suffix)]
  }

  func error(_ suffix: String, found: String, expected: String) -> SparrowError {
    SparrowError(
      .malformed, file: metadata.file, field: key(suffix), found: found, expected: expected)
  }

  func unsupported(_ suffix: String, found: String, expected: String) -> SparrowError {
    SparrowError(
      .unsupported, file: metadata.file, field: key(suffix), found: found, expected: expected)
  }

  /// A number from 1 to `limit`; an array must say it of every layer.
  func count(
    _ suffix: String, _ fallback: Int? = nil, limit: Int = 0x7FFF_FFFF
  ) throws(SparrowError) -> Int {
    if let fallback, !has(suffix) { return fallback }
    let value: Int
    if case .numbers = self.value(suffix) {
      let values = try metadata.ints(key(suffix))
      let layers = try count("block_count", limit: Self.maximumLayers)
      guard suffix != "block_count", values.count == layers else {
        throw error(suffix, found: "\(values.count) values", expected: "one for each layer")
      }
      guard Set(values).count == 1 else {
        throw unsupported(
          suffix, found: "layers that differ", expected: "\(values[0]) for every layer")
      }
      value = values[0]
    } else {
      value = try metadata.int(key(suffix))
    }
    guard (1...limit).contains(value) else {
      throw error(suffix, found: "\(value)", expected: "a number from 1 to \(limit)")
    }
    return value
  }

  static let maximumLayers = 1024

  func number(_ suffix: String, _ fallback: Double? = nil) throws(SparrowError) -> Double {
    if let fallback, !has(suffix) { return fallback }
    let value = try metadata.double(key(suffix))
    guard value.isFinite else {
      throw error(suffix, found: "\(value)", expected: "a finite number")
    }
    return value
  }

  /// A finite number above zero.
  func positive(_ suffix: String, _ fallback: Double? = nil) throws(SparrowError) -> Double {
    let value = try number(suffix, fallback)
    guard value > 0 else {
      throw error(suffix, found: "\(value)", expected: "a positive number")
    }
    return value
  }
}
