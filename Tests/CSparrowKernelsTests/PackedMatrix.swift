import CSparrowKernels
import SparrowTestSupport

extension sk_gguf_type {
  static let names: [(type: sk_gguf_type, name: String)] = [
    (SK_GGUF_F32, "F32"), (SK_GGUF_F16, "F16"), (SK_GGUF_BF16, "BF16"), (SK_GGUF_Q4_0, "Q4_0"),
    (SK_GGUF_Q4_1, "Q4_1"), (SK_GGUF_Q5_0, "Q5_0"), (SK_GGUF_Q5_1, "Q5_1"), (SK_GGUF_Q8_0, "Q8_0"),
    (SK_GGUF_Q4_K, "Q4_K"), (SK_GGUF_Q5_K, "Q5_K"), (SK_GGUF_Q6_K, "Q6_K"), (SK_GGUF_F64, "F64"),
    (SK_GGUF_Q2_K, "Q2_K"), (SK_GGUF_Q3_K, "Q3_K"), (SK_GGUF_Q8_K, "Q8_K"),
    (SK_GGUF_IQ4_NL, "IQ4_NL"), (SK_GGUF_IQ4_XS, "IQ4_XS"), (SK_GGUF_MXFP4, "MXFP4"),
    (SK_GGUF_TQ1_0, "TQ1_0"), (SK_GGUF_TQ2_0, "TQ2_0"),
  ]

  var name: String { Self.names.first { $0.type == self }?.name ?? "\(rawValue)" }

  /// Bytes and weights of one block, and where its float16 numbers lie.
  var block: (bytes: Int, weights: Int, halves: [Int]) {
    switch self {
    case SK_GGUF_Q4_0: (18, 32, [0])
    case SK_GGUF_Q4_1: (20, 32, [0, 2])
    case SK_GGUF_Q5_0: (22, 32, [0])
    case SK_GGUF_Q5_1: (24, 32, [0, 2])
    case SK_GGUF_Q8_0: (34, 32, [0])
    case SK_GGUF_Q4_K: (144, 256, [0, 2])
    case SK_GGUF_Q5_K: (176, 256, [0, 2])
    case SK_GGUF_Q6_K: (210, 256, [208])
    case SK_GGUF_Q2_K: (84, 256, [80, 82])
    case SK_GGUF_Q3_K: (110, 256, [108])
    case SK_GGUF_Q8_K: (292, 256, [])
    case SK_GGUF_IQ4_NL: (18, 32, [0])
    case SK_GGUF_IQ4_XS: (136, 256, [0])
    case SK_GGUF_MXFP4: (17, 32, [])
    case SK_GGUF_TQ1_0: (54, 256, [52])
    case SK_GGUF_TQ2_0: (66, 256, [64])
    case SK_GGUF_F64: (8, 1, [])
    case SK_GGUF_F32: (4, 1, [])
    default: (2, 1, [])
    }
  }
}

/// A random matrix of a GGUF type, packed, with its weights in float32.
final class PackedMatrix {
  let matrix: sk_matrix
  let weights: [[Float]]
  private let memory: UnsafeMutableRawBufferPointer

  convenience init(_ type: sk_gguf_type, rows: Int, columns: Int) {
    var noise = Noise(rows * 1000 + columns)
    let block = type.block
    var source: [UInt8] = []
    for _ in 0..<rows * columns / block.weights {
      var bytes = (0..<block.bytes).map { _ in UInt8.random(in: 0...255, using: &noise) }
      switch type {
      case SK_GGUF_F32: bytes = withUnsafeBytes(of: noise.floats(1)[0]) { Array($0) }
      case SK_GGUF_F16: bytes = withUnsafeBytes(of: halves(noise.floats(1))[0]) { Array($0) }
      case SK_GGUF_BF16: bytes = withUnsafeBytes(of: noise.floats(1)[0]) { Array($0[2...]) }
      case SK_GGUF_F64:
        bytes = withUnsafeBytes(of: Double(noise.floats(1)[0])) { Array($0) }
      case SK_GGUF_Q8_K:
        let scale = noise.floats(1, size: 0.02)[0]
        bytes.replaceSubrange(0..<4, with: withUnsafeBytes(of: scale) { Array($0) })
      case SK_GGUF_MXFP4: bytes[0] = UInt8.random(in: 118...122, using: &noise)
      default:
        for offset in block.halves {
          let scale = halves(noise.floats(1, size: 0.02))[0]
          bytes[offset] = UInt8(scale & 255)
          bytes[offset + 1] = UInt8(scale >> 8)
        }
      }
      source += bytes
    }
    self.init(type, source: source, rows: rows, columns: columns)
  }

  init(_ type: sk_gguf_type, source: [UInt8], rows: Int, columns: Int) {
    var format = SK_F32
    var block: Int32 = 0
    var minimums: Int32 = 0
    precondition(sk_packed_format(type, &format, &block, &minimums) == 1)
    let rowBytes = sk_row_bytes(format, block, minimums, Int32(columns))
    // Exactly as long as its rows: what a kernel reads beyond them, a sanitizer sees.
    memory = .allocate(byteCount: Int(rowBytes) * rows, alignment: 2)
    matrix = sk_matrix(
      data: memory.baseAddress, row_bytes: rowBytes, rows: Int32(rows), columns: Int32(columns),
      format: format, block: block, minimums: minimums)
    var matrix = matrix
    sk_pack_rows(&matrix, type, source, 0, Int32(rows))
    weights = (0..<rows).map { row in
      [Float](unsafeUninitializedCapacity: columns) { buffer, count in
        sk_unpack_row(&matrix, Int32(row), buffer.baseAddress)
        count = columns
      }
    }
  }

  deinit { memory.deallocate() }

  var rows: Int { Int(matrix.rows) }
  var columns: Int { Int(matrix.columns) }

  func gemv(_ x: Inputs, token: Int = 0, rows range: Range<Int>? = nil) -> [Float] {
    var matrix = matrix
    var y = [Float](repeating: .nan, count: rows)
    let range = range ?? 0..<rows
    sk_gemv(&matrix, x.pointer(token), &y, Int32(range.lowerBound), Int32(range.upperBound))
    return y
  }

  func gather(_ x: Inputs, _ indices: [Int32], _ range: Range<Int>) -> [Float] {
    var matrix = matrix
    var y = [Float](repeating: .nan, count: indices.count)
    sk_gemv_rows(
      &matrix, x.pointer(0), indices, Int32(range.lowerBound), Int32(range.upperBound), &y)
    return y
  }

  /// [tokens, rows + 1]: a column more than the rows, which must stay NaN.
  func gemm(_ x: Inputs, tokens: Int) -> [Float] {
    var matrix = matrix
    var y = [Float](repeating: .nan, count: tokens * (rows + 1))
    sk_gemm(
      &matrix, x.pointer(0), x.stride, Int32(tokens), &y, Int64(rows + 1), 0, Int32(rows))
    return y
  }
}

/// Random inputs as a matrix's kernels want them, quantised by the instruction set in use, and what
/// they stand for in double precision.
final class Inputs {
  let stride: Int
  let values: [[Double]]
  private let memory: UnsafeMutableRawBufferPointer

  convenience init(for matrix: sk_matrix, tokens: Int, seed: Int = 1) {
    var noise = Noise(seed)
    self.init(
      for: matrix, rows: (0..<tokens).map { _ in noise.floats(Int(matrix.columns), size: 3) })
  }

  convenience init(for matrix: sk_matrix, values: [Float]) {
    self.init(for: matrix, rows: [values])
  }

  private init(for matrix: sk_matrix, rows: [[Float]]) {
    let quantized = matrix.format.rawValue >= SK_Q4.rawValue
    stride = quantized ? sk_quantized_bytes(matrix.columns) : Int(matrix.columns) * 4
    memory = .allocate(byteCount: stride * rows.count, alignment: 64)
    for (row, x) in rows.enumerated() {
      let target = memory.baseAddress! + row * stride
      if quantized {
        sk_quantize(x, matrix.columns, target)
      } else {
        target.copyMemory(from: x, byteCount: x.count * 4)
      }
    }
    values = rows.map { quantized ? int8Rounded($0) : $0.map(Double.init) }
  }

  deinit { memory.deallocate() }

  func pointer(_ token: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(memory.baseAddress! + token * stride)
  }

  var bytes: [UInt8] { Array(memory) }
}
