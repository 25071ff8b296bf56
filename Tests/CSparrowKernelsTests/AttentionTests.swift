import CSparrowKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One call's shape.
struct AttentionCase: CustomTestStringConvertible {
  var dimension: Int32
  var heads = 1
  var tokens = 1
  var first = 0
  var window: Int32 = 0
  var cap: Float = 0

  var testDescription: String {
    "\(heads)x\(dimension), \(tokens) at \(first), window \(window), cap \(cap)"
  }

  static let all: [AttentionCase] = [
    .init(dimension: 64), .init(dimension: 64, heads: 3, first: 200),
    .init(dimension: 64, heads: 9, tokens: 70),
    .init(dimension: 80, heads: 2, tokens: 5, first: 62),
    .init(dimension: 96, tokens: 65, first: 1),
    .init(dimension: 128, heads: 4, tokens: 9, first: 130),
    .init(dimension: 256, heads: 4, tokens: 3, first: 64, window: 40),
    .init(dimension: 8, heads: 5, tokens: 130, window: 1),
    .init(dimension: 40, tokens: 150, window: 64),
    .init(dimension: 72, heads: 8, tokens: 20, first: 300, window: 129, cap: 5),
    .init(dimension: 64, heads: 2, tokens: 66, first: 63, cap: 50),
  ]
}

/// Gives `body` keys and values, `[positions][dimension]`, in pages that lie in no order and hold
/// NaN wherever nothing was filled.
private func withPages(
  _ keys: [UInt16], _ values: [UInt16], _ dimension: Int,
  _ body: (UnsafePointer<sk_cached_head>) -> Void
) {
  let plane = Int(SK_ATTEND_KEYS) * dimension
  let count = (keys.count + plane - 1) / plane
  // Another head's plane lies between the two.
  var memory = [UInt16](repeating: 0x7e00, count: 3 * count * plane)
  memory.withUnsafeMutableBufferPointer { memory in
    let pages = (0..<count).map { memory.baseAddress! + 3 * (count - 1 - $0) * plane }
    for (page, start) in zip(pages, stride(from: 0, to: keys.count, by: plane)) {
      let end = min(start + plane, keys.count)
      keys.withUnsafeBufferPointer {
        page.update(from: $0.baseAddress! + start, count: end - start)
      }
      values.withUnsafeBufferPointer {
        (page + 2 * plane).update(from: $0.baseAddress! + start, count: end - start)
      }
    }
    pages.map { UnsafeMutableRawPointer($0) as UnsafeMutableRawPointer? }
      .withUnsafeBufferPointer { table in
        var cached = sk_cached_head(
          pages: table.baseAddress, keys: 0, values: Int64(4 * plane))
        body(&cached)
      }
  }
}

@Suite struct AttentionTests {
  /// Random queries, keys and values of one case.
  struct Data {
    let shape: AttentionCase
    let parameters: sk_attention
    let query: [Float]
    let keys: [UInt16]
    let values: [UInt16]

    init(_ shape: AttentionCase) {
      var noise = Noise(Int(shape.dimension))
      let dimension = Int(shape.dimension)
      let positions = shape.first + shape.tokens
      self.shape = shape
      parameters = sk_attention(
        head_dim: shape.dimension, window: shape.window, scale: 1 / Float(dimension).squareRoot(),
        softcap: shape.cap)
      query = noise.floats(shape.tokens * shape.heads * dimension, size: 6)
      keys = halves(noise.floats(positions * dimension, size: 2))
      values = halves(noise.floats(positions * dimension))
    }

    func attend(heads: Range<Int>, tokens: Range<Int>) -> [Float] {
      let dimension = Int(shape.dimension)
      let width = shape.heads * dimension
      var parameters = parameters
      var out = [Float](repeating: 0, count: heads.count * tokens.count * dimension)
      let bytes = sk_attend_scratch(&parameters, Int32(heads.count), Int32(tokens.count))
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4)
      defer { scratch.deallocate() }
      // Whatever scratch held (NaN here) must not matter.
      scratch.initializeMemory(as: UInt8.self, repeating: 0xff)
      withPages(keys, values, dimension) { cached in
        query.withUnsafeBufferPointer { query in
          sk_attend(
            &parameters,
            query.baseAddress! + tokens.lowerBound * width + heads.lowerBound * dimension,
            Int64(width), Int32(heads.count), Int32(tokens.count),
            Int32(shape.first + tokens.lowerBound), cached, &out,
            Int64(heads.count * dimension), scratch.baseAddress)
        }
      }
      return out
    }

    /// In double precision, the obvious way.
    func expected(_ tokens: [Int]) -> [Double] {
      let dimension = Int(shape.dimension)
      let keys = floats(keys).map(Double.init)
      let values = floats(values).map(Double.init)
      var out: [Double] = []
      for token in tokens {
        for head in 0..<shape.heads {
          let q = query[((token * shape.heads + head) * dimension)...].prefix(dimension).map(
            Double.init)
          let position = shape.first + token
          let first = shape.window > 0 ? max(0, position - Int(shape.window) + 1) : 0
          var scores = (first...position).map { p in
            let score = (0..<dimension).reduce(0) { $0 + q[$1] * keys[p * dimension + $1] }
            let scaled = score * Double(parameters.scale)
            return shape.cap > 0 ? Double(shape.cap) * tanh(scaled / Double(shape.cap)) : scaled
          }
          let most = scores.max()!
          scores = scores.map { exp($0 - most) }
          let total = scores.reduce(0, +)
          for i in 0..<dimension {
            out.append(
              zip(first...position, scores).reduce(0) { $0 + $1.1 * values[$1.0 * dimension + i] }
                / total)
          }
        }
      }
      return out
    }
  }

  @Test(arguments: Instructions.available, AttentionCase.all)
  func attends(_ isa: Instructions, _ shape: AttentionCase) {
    let data = Data(shape)
    let result = isa.use { data.attend(heads: 0..<shape.heads, tokens: 0..<shape.tokens) }
    // The first and the last, and some between: the reference takes its time.
    let tokens = Set([0, 1, shape.tokens - 1]).union(stride(from: 5, to: shape.tokens, by: 29))
      .filter { $0 < shape.tokens }.sorted()
    let width = shape.heads * Int(shape.dimension)
    let checked = tokens.flatMap { result[$0 * width..<($0 + 1) * width] }
    let worst = zip(checked, data.expected(tokens)).map { abs(Double($0) - $1) }.max()!
    #expect(worst <= 1e-5 && checked.allSatisfy(\.isFinite))
  }

  /// A query's result is the same bits in every batch, so that prefill agrees with decode.
  @Test(arguments: Instructions.available, AttentionCase.all)
  func agreesWithItself(_ isa: Instructions, _ shape: AttentionCase) {
    let data = Data(shape)
    let dimension = Int(shape.dimension)
    isa.use {
      let whole = data.attend(heads: 0..<shape.heads, tokens: 0..<shape.tokens)
      for token in stride(from: 0, to: shape.tokens, by: 7) {
        let head = token % shape.heads
        let one = data.attend(heads: head..<head + 1, tokens: token..<token + 1)
        let start = (token * shape.heads + head) * dimension
        #expect(whole[start..<start + dimension].elementsEqual(one))
      }
    }
  }

  @Test(arguments: Instructions.available)
  func passesOnNaN(_ isa: Instructions) {
    var shape = AttentionCase(dimension: 64, heads: 2, tokens: 4, first: 70)
    shape.window = 30
    let data = Data(shape)
    var parameters = data.parameters
    var query = data.query
    query[64 * 3] = .nan
    var out = [Float](repeating: 0, count: query.count)
    isa.use {
      let bytes = sk_attend_scratch(&parameters, 2, 4)
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4)
      defer { scratch.deallocate() }
      withPages(data.keys, data.values, 64) {
        sk_attend(&parameters, query, 128, 2, 4, 70, $0, &out, 128, scratch)
      }
    }
    for i in out.indices { #expect(out[i].isNaN == (i / 64 == 3)) }
  }

  /// A NaN key spoils every query that sees it, in whatever block it lies, and no other.
  @Test(arguments: Instructions.available, [0, 70, 127])
  func keepsNaN(_ isa: Instructions, _ bad: Int) {
    let data = Data(AttentionCase(dimension: 16, tokens: 200))
    var parameters = data.parameters
    var keys = data.keys
    keys[bad * 16 + 3] = 0x7e00
    var out = [Float](repeating: 0, count: data.query.count)
    isa.use {
      let bytes = sk_attend_scratch(&parameters, 1, 200)
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4)
      defer { scratch.deallocate() }
      withPages(keys, data.values, 16) {
        sk_attend(&parameters, data.query, 16, 1, 200, 0, $0, &out, 16, scratch)
      }
    }
    for token in 0..<200 {
      #expect(out[token * 16..<(token + 1) * 16].allSatisfy { $0.isNaN == (token >= bad) })
    }
  }
}
