internal import CSparrowCUDA
import SparrowCore

/// A synthetic step computed on the host, plainly and in float64: what the device's is checked
/// against. Selections are the device's own; what they leave out counts as zero.
struct StepOracle {
  let model: SyntheticModel
  private var shape: SyntheticShape { model.shape }

  /// The relative error, in norm, of the logits that a step computes; infinite where it leaves some
  /// out.
  func error(isSparse: Bool) throws(SparrowError) -> Double {
    let logits = try model.logits(isSparse: isSparse)
    let tokens = logits.indices.filter { !logits[$0].isNaN }
    guard tokens.count == model.logitCount(isSparse: isSparse) else { return .infinity }
    let selections =
      isSparse
      ? try model.selections() : (0..<shape.layers).map { _ in LayerSelection(shape) }
    let ends = try HostPart(model.ends)
    func end(_ member: WritableKeyPath<scu_step, UInt64>) -> Int? { model.layout.end(member) }
    let token = min(5, shape.vocabulary - 1)
    let width = shape.width
    var stream = ends.row(end(\.embedding)!, token, width, shape.format)
    if let positions = end(\.positions) {
      for i in 0..<width { stream[i] += ends.bfloat(positions, model.context * width + i) }
    }
    let cache = try HostPart(model.cache)
    for layer in 0..<shape.layers {
      let weights = LayerOracle(
        shape: shape, offsets: model.layout.offsets, part: try HostPart(model.layers[layer]))
      weights.attend(&stream, selections[layer], layer, cache, ends, model)
      weights.runNetwork(&stream, selections[layer])
    }
    let normed = LayerOracle.norm(
      stream, shape, ends, weight: end(\.norm)!, bias: end(\.norm_bias))
    var difference = 0.0
    var size = 0.0
    for row in tokens {
      let wanted = ends.dot(end(\.vocabulary)!, row, normed, shape.format)
      difference += (wanted - Double(logits[row])) * (wanted - Double(logits[row]))
      size += wanted * wanted
    }
    return (difference / size).squareRoot()
  }
}

/// A buffer's bytes on the host.
struct HostPart {
  private let bytes: [UInt8]

  init(_ buffer: DeviceBuffer) throws(SparrowError) {
    bytes = try buffer.read(buffer.byteCount, of: 0)
  }

  /// The bfloat of an index behind `offset` bytes.
  func bfloat(_ offset: Int, _ index: Int) -> Double {
    bytes.withUnsafeBytes {
      let bits = $0.load(fromByteOffset: offset + 2 * index, as: UInt16.self)
      return Double(Float(bitPattern: UInt32(bits) << 16))
    }
  }

  func half(_ offset: Int, _ index: Int) -> Double {
    bytes.withUnsafeBytes {
      Double(halfValue($0.load(fromByteOffset: offset + 2 * index, as: UInt16.self)))
    }
  }

  func float(_ offset: Int, _ index: Int) -> Double {
    bytes.withUnsafeBytes {
      Double($0.load(fromByteOffset: offset + 4 * index, as: Float.self))
    }
  }

  /// A row of a matrix that begins behind `offset` bytes.
  func row(_ offset: Int, _ index: Int, _ columns: Int, _ format: StepFormat) -> [Double] {
    bytes.withUnsafeBytes {
      format.weights($0.baseAddress! + offset + index * format.rowBytes(columns), columns)
    }
  }

  /// The same times x.
  func dot(_ offset: Int, _ index: Int, _ x: [Double], _ format: StepFormat) -> Double {
    zip(row(offset, index, x.count, format), x).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

/// The float of IEEE's two bytes.
func halfValue(_ bits: UInt16) -> Float {
  let sign: Float = bits >> 15 == 1 ? -1 : 1
  let exponent = Int(bits >> 10 & 31)
  let fraction = Float(bits & 1023)
  return exponent == 0
    ? sign * fraction * 0x1p-24
    : sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
}

/// The half nearest to a float, as the cache keeps it; for numbers far from its limits.
func halfRounded(_ x: Double) -> Double {
  guard x != 0 else { return 0 }
  let unit = Double(sign: .plus, exponent: max(x.exponent, -14) - 10, significand: 1)
  return (x / unit).rounded(.toNearestOrEven) * unit
}
