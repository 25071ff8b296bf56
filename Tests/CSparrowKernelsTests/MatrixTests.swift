import CSparrowKernels
import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

/// A matrix's shape: odd counts of rows and columns among them.
struct Shape: CustomTestStringConvertible {
  let type: sb_type
  let rows: Int
  let columns: Int

  var testDescription: String { "\(type.name) \(rows)x\(columns)" }

  static let all: [Shape] = sb_type.names.flatMap { type, _ in
    let columns =
      switch type.block.weights {
      // The last are long rows, which prefetch as they go.
      case 1: [1, 7, 33, 64, 577, 2085]
      case 32: [32, 64, 96, 320, 448, 576, 640, 1056, 4128]
      default: [256, 512, 768, 4096, 4352]
      }
    return columns.map { Shape(type: type, rows: 7, columns: $0) }
  }
}

@Suite struct MatrixTests {
  /// Each instruction set against the dequantised product in double precision. Float sums of n
  /// terms in 16 lanes or more, a few roundings a block: within 3e-6 of the terms' sizes.
  @Test(arguments: Instructions.available, Shape.all)
  func multipliesRows(_ isa: Instructions, _ shape: Shape) {
    let w = PackedMatrix(shape.type, rows: shape.rows, columns: shape.columns)
    isa.use {
      let tokens = 3
      let x = Inputs(for: w.matrix, tokens: tokens)
      for token in 0..<tokens {
        let y = w.gemv(x, token: token)
        for row in 0..<w.rows {
          var sum = 0.0
          var size = 0.0
          for (weight, value) in zip(w.weights[row], x.values[token]) {
            sum += Double(weight) * value
            // A minimum and the rest of a weight may cancel: count them apart.
            size += (abs(Double(weight)) + (w.matrix.minimums == 1 ? 0.3 : 0)) * abs(value)
          }
          #expect(abs(Double(y[row]) - sum) <= 3e-6 * size, "row \(row), token \(token)")
        }
      }
    }
  }

  /// Bit for bit the same, whatever the batch, the range of rows and the gather: prefill agrees
  /// with decode.
  @Test(arguments: Instructions.available, Shape.all)
  func agreesWithItself(_ isa: Instructions, _ shape: Shape) {
    let w = PackedMatrix(shape.type, rows: shape.rows, columns: shape.columns)
    isa.use {
      let counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17]
      let x = Inputs(for: w.matrix, tokens: 17)
      let each = (0..<17).map { w.gemv(x, token: $0) }
      for tokens in counts {
        let y = w.gemm(x, tokens: tokens)
        for token in 0..<tokens {
          let row = y[token * (w.rows + 1)..<(token + 1) * (w.rows + 1)]
          #expect(row.dropLast().elementsEqual(each[token]), "\(tokens) tokens")
          #expect(row.last!.isNaN)
        }
      }
      let dense = each[0]
      for first in 0..<w.rows {
        for last in first...w.rows {
          let y = w.gemv(x, rows: first..<last)
          #expect(y[first..<last].elementsEqual(dense[first..<last]))
          #expect(y[..<first].allSatisfy(\.isNaN) && y[last...].allSatisfy(\.isNaN))
        }
      }
      let indices: [Int32] = [0, 1, 3, 4, 6]
      for first in indices.indices {
        for last in first...indices.count {
          let y = w.gather(x, indices, first..<last)
          for i in first..<last { #expect(y[i] == dense[Int(indices[i])]) }
          #expect(y[..<first].allSatisfy(\.isNaN) && y[last...].allSatisfy(\.isNaN))
        }
      }
    }
  }

  /// Every instruction set writes the scalar version's bytes.
  @Test(arguments: Instructions.available, [1, 31, 32, 64, 96, 448, 576, 640, 1536])
  func quantizes(_ isa: Instructions, _ columns: Int) {
    var matrix = sk_matrix()
    matrix.format = SK_Q8
    matrix.columns = Int32(columns)
    let expected = Instructions.scalar.use { Inputs(for: matrix, tokens: 2).bytes }
    #expect(isa.use { Inputs(for: matrix, tokens: 2).bytes } == expected)
  }

  /// A NaN or an infinity in the input reaches every result and harms nothing else.
  @Test(arguments: Instructions.available, sb_type.names.map(\.type))
  func passesOnNaN(_ isa: Instructions, _ type: sb_type) {
    let w = PackedMatrix(type, rows: 5, columns: 256)
    isa.use {
      for bad in [Float.nan, .infinity, -.infinity] {
        var x = [Float](repeating: 1, count: 256)
        x[77] = bad
        var matrix = w.matrix
        var y = [Float](repeating: 0, count: 5)
        let quantized = matrix.format.rawValue >= SK_Q4.rawValue
        let input = UnsafeMutableRawPointer.allocate(
          byteCount: max(1024, sk_quantized_bytes(256)), alignment: 64)
        defer { input.deallocate() }
        if quantized {
          sk_quantize(x, 256, input)
        } else {
          input.copyMemory(from: x, byteCount: 1024)
        }
        sk_gemv(&matrix, input, &y, 0, 5)
        #expect(y.allSatisfy { !$0.isFinite }, "\(bad): \(y)")
      }
    }
  }

  /// Formats that no GGUF type packs to run too.
  @Test(arguments: Instructions.available)
  func knowsEveryLayout(_ isa: Instructions) {
    isa.use {
      for format in [SK_Q4, SK_Q5, SK_Q8] {
        for block in [16, 32] as [Int32] {
          for minimums in [0, 1] as [Int32] {
            let bytes = sk_row_bytes(format, block, minimums, 192)
            // Any bits are quants; scales of 1.0 would be 0x3c00.
            let data = [UInt8](repeating: 0x3c, count: Int(bytes))
            data.withUnsafeBytes { data in
              var matrix = sk_matrix(
                data: data.baseAddress, row_bytes: bytes, rows: 1, columns: 192, format: format,
                block: block, minimums: minimums)
              let x = Inputs(for: matrix, tokens: 1)
              var weights = [Float](repeating: 0, count: 192)
              sk_unpack_row(&matrix, 0, &weights)
              var y: Float = .nan
              sk_gemv(&matrix, x.pointer(0), &y, 0, 1)
              let sum = zip(weights, x.values[0]).reduce(0) { $0 + Double($1.0) * $1.1 }
              let size = zip(weights, x.values[0]).reduce(0) {
                $0 + (abs(Double($1.0)) + 40) * abs($1.1)
              }
              #expect(abs(Double(y) - sum) <= 3e-6 * size, "\(format) \(block) \(minimums)")
            }
          }
        }
      }
    }
  }
}

@Suite struct PackingTests {
  /// What the file's reader gives, bit for bit.
  @Test(arguments: ElementType.weightTypes)
  func keepsWhatBlocksHold(_ type: ElementType) throws {
    var random = SeededRandom(seed: 9)
    for columns in type.blockElements == 256 ? [256, 768] : [32, 64, 160, 544] {
      let source = type.randomBytes(elements: 3 * columns, &random)
      let packed = PackedMatrix(try #require(type.ggml), source: source, rows: 3, columns: columns)
      var expected = [Float](repeating: .nan, count: 3 * columns)
      type.expand(source, count: expected.count, into: &expected)
      #expect(packed.weights.joined().map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  /// Blocks of 256 keep the file's own scales and steps: no byte more than the file has, or, where
  /// steps of 6 bits become bytes, an eighth of a bit a weight.
  @Test func takesNoMoreThanTheFile() throws {
    for (type, more) in [
      (ElementType.q2_K, 0), (.q4_K, 0), (.q5_K, 0), (.q6_K, 0), (.q3_K, 4), (.iq4_xs, 2),
    ] {
      var (format, block, minimums) = (SK_F32, Int32(0), Int32(0))
      #expect(sk_packed_format(try #require(type.ggml), &format, &block, &minimums) == 1)
      let bytes = Int(sk_row_bytes(format, block, minimums, 768))
      #expect(bytes == 3 * (type.blockBytes + more), "\(type)")
    }
  }

  @Test func refusesUnknownTypes() {
    var format = SK_F32
    var block: Int32 = 0
    var minimums: Int32 = 0
    for raw in [4, 5, 9, 16, 19, 21, 24, 29, 31, 38, 40, 1000] as [Int32] {
      #expect(sk_packed_format(sb_type(rawValue: raw), &format, &block, &minimums) == 0)
    }
  }
}
