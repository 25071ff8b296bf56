import CSparrowBlocks
import CSparrowKernels
import SparrowTestSupport

extension sb_type {
  static let names: [(type: sb_type, name: String)] = [
    (SB_F32, "F32"), (SB_F16, "F16"), (SB_BF16, "BF16"), (SB_Q4_0, "Q4_0"),
    (SB_Q4_1, "Q4_1"), (SB_Q5_0, "Q5_0"), (SB_Q5_1, "Q5_1"), (SB_Q8_0, "Q8_0"),
    (SB_Q4_K, "Q4_K"), (SB_Q5_K, "Q5_K"), (SB_Q6_K, "Q6_K"), (SB_F64, "F64"),
    (SB_Q2_K, "Q2_K"), (SB_Q3_K, "Q3_K"), (SB_Q8_K, "Q8_K"),
    (SB_IQ4_NL, "IQ4_NL"), (SB_IQ4_XS, "IQ4_XS"), (SB_MXFP4, "MXFP4"),
    (SB_TQ1_0, "TQ1_0"), (SB_TQ2_0, "TQ2_0"),
  ]

  var name: String { Self.names.first { $0.type == self }?.name ?? "\(rawValue)" }

  /// Bytes and weights of one block, and where its float16 numbers lie.
  var block: (bytes: Int, weights: Int, halves: [Int]) {
    let block = sb_block_of(self)
    return (Int(block.bytes), Int(block.weights), halves)
  }

  private var halves: [Int] {
    switch self {
    case SB_Q4_0, SB_Q5_0, SB_Q8_0, SB_IQ4_NL, SB_IQ4_XS: [0]
    case SB_Q4_1, SB_Q5_1, SB_Q4_K, SB_Q5_K: [0, 2]
    case SB_Q6_K: [208]
    case SB_Q2_K: [80, 82]
    case SB_Q3_K: [108]
    case SB_TQ1_0: [52]
    case SB_TQ2_0: [64]
    default: []
    }
  }
}

/// A random matrix of a GGUF type, packed, with its weights in float32.
final class PackedMatrix {
  let matrix: sk_matrix
  let weights: [[Float]]
  private let memory: UnsafeMutableRawBufferPointer

  convenience init(_ type: sb_type, rows: Int, columns: Int) {
    var noise = Noise(rows * 1000 + columns)
    let block = type.block
    var source: [UInt8] = []
    for _ in 0..<rows * columns / block.weights {
      var bytes = (0..<block.bytes).map { _ in UInt8.random(in: 0...255, using: &noise) }
      switch type {
      case SB_F32: bytes = withUnsafeBytes(of: noise.floats(1)[0]) { Array($0) }
      case SB_F16: bytes = withUnsafeBytes(of: halves(noise.floats(1))[0]) { Array($0) }
      case SB_BF16: bytes = withUnsafeBytes(of: noise.floats(1)[0]) { Array($0[2...]) }
      case SB_F64:
        bytes = withUnsafeBytes(of: Double(noise.floats(1)[0])) { Array($0) }
      case SB_Q8_K:
        let scale = noise.floats(1, size: 0.02)[0]
        bytes.replaceSubrange(0..<4, with: withUnsafeBytes(of: scale) { Array($0) })
      case SB_MXFP4: bytes[0] = UInt8.random(in: 118...122, using: &noise)
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

  init(_ type: sb_type, source: [UInt8], rows: Int, columns: Int) {
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
