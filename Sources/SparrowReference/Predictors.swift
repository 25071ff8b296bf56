internal import SparrowBlocks
internal import SparrowCore
internal import SparrowSparsity

// What predictors compute, from their tensors.

extension LinearPredictor {
  /// b (a x) + bias, or b x + bias, `[groups]`.
  func scores(_ x: [Float]) -> [Float] {
    product(b.values, a.map { product($0.values, x, nil) } ?? x, bias)
  }
}

extension RowSketch {
  /// The input in the sketch's directions.
  private func directions(_ x: [Float]) -> [Float] {
    let centred = zip(x, mean).map { $0 - $1 }
    return basis.isEmpty ? centred : product(expanded(basis, .q8_0), centred, nil)
  }

  /// |x| in those directions, as a part of what hidden states have on average.
  func length(_ x: [Float]) -> Float {
    (directions(x).reduce(0) { $0 + $1 * $1 } / Float(hidden)).squareRoot()
  }

  /// bias + what the codes of each row stand for, times x, `[rowCount]`; W(i) x - meanRow x, or
  /// W(i) x.
  func scores(_ x: [Float], withMean: Bool = false) -> [Float] {
    let turned = Array(directions(x).prefix(bounds[groups]))
    let constant = withMean ? dot(meanRow, x) : 0
    return zip(product(rows?.values ?? decoded, turned, nil), bias).map {
      $0 + Float(Float16(bitPattern: $1)) + constant
    }
  }

  /// `[rowCount][directions]`
  private var decoded: [Float] {
    var result: [Float] = []
    for row in 0..<rowCount {
      for group in 0..<groups {
        let place = row / Self.blockRows * pairs * Self.blockRows + row % Self.blockRows
        let byte = codes[place + group / 2 * Self.blockRows]
        let code = Int(group % 2 == 0 ? byte & 15 : byte >> 4)
        let width = bounds[group + 1] - bounds[group]
        let start = 16 * bounds[group] + code * width
        result += centroids[start..<start + width]
      }
    }
    return result
  }
}

extension PredictorMatrix {
  /// `[rows][columns]`
  var values: [Float] { expanded(bytes, type) }
}

extension SketchRows {
  /// `[rows][directions]`
  var values: [Float] { expanded(bytes, coding.type ?? .f16) }
}

/// The numbers that bytes of a type stand for (ggml's formats).
func expanded(_ bytes: [UInt8], _ type: ElementType) -> [Float] {
  func half(_ at: Int) -> Float {
    Float(Float16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8))
  }
  return stride(from: 0, to: bytes.count, by: type.blockBytes).flatMap { block -> [Float] in
    switch type {
    case .f16: return [half(block)]
    case .q8_0: return (0..<32).map { half(block) * Float(Int8(bitPattern: bytes[block + 2 + $0])) }
    case .q4_0, .q5_0:
      let isFive = type == .q5_0
      let high = (0..<(isFive ? 4 : 0)).reduce(UInt32(0)) {
        $0 | UInt32(bytes[block + 2 + $1]) << UInt32(8 * $1)
      }
      return (0..<32).map { index in
        let byte = bytes[block + (isFive ? 6 : 2) + index % 16]
        let low = Int(index < 16 ? byte & 15 : byte >> 4)
        let code = low + Int(high >> UInt32(index) & 1) * 16
        return half(block) * Float(code - (isFive ? 16 : 8))
      }
    default: preconditionFailure("predictors do not have \(type.rawValue)")
    }
  }
}
