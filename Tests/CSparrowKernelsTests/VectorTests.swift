import CSparrowKernels
import FoundationEssentials
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

private let lengths: [Int] = [1, 3, 8, 15, 16, 17, 64, 576, 1025]

@Suite struct VectorTests {
  private func mapped(_ x: [Float], _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    // One element more: it must stay as it is.
    var y = x + [12345]
    body(&y)
    #expect(y.removeLast() == 12345)
    return y
  }

  @Test(arguments: Instructions.available, lengths)
  func normalizes(_ isa: Instructions, _ n: Int) {
    var noise = Noise(n)
    let x = noise.floats(n, size: 9)
    let weight = noise.floats(n)
    let bias = noise.floats(n)
    let wide = x.map(Double.init)
    let squares = wide.reduce(0) { $0 + $1 * $1 } / Double(n)
    let mean = wide.reduce(0, +) / Double(n)
    let variance = wide.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
    isa.use {
      let rms = mapped(x) { sk_rms_norm(x, weight, 1e-5, Int32(n), $0) }
      let inPlace = mapped(x) { sk_rms_norm($0, nil, 1e-5, Int32(n), $0) }
      let layer = mapped(x) { sk_layer_norm($0, weight, bias, 1e-5, Int32(n), $0) }
      for i in 0..<n {
        let r = wide[i] / (squares + 1e-5).squareRoot()
        let l = (wide[i] - mean) / (variance + 1e-5).squareRoot()
        #expect(abs(Double(inPlace[i]) - r) <= 2e-6 * abs(r))
        #expect(abs(Double(rms[i]) - r * Double(weight[i])) <= 2e-6 * abs(r))
        let expected = l * Double(weight[i]) + Double(bias[i])
        #expect(n == 1 || abs(Double(layer[i]) - expected) <= 5e-6 * (1 + abs(l)))
      }
    }
  }

  @Test(arguments: Instructions.available, [false, true])
  func rotates(_ isa: Instructions, _ interleaved: Bool) {
    var noise = Noise(3)
    let (heads, dimension) = (3, 80)
    for rotary in [2, 16, 34, 64, 80] {
      let x = noise.floats(heads * dimension)
      let cosine = noise.floats(rotary / 2)
      let sine = noise.floats(rotary / 2)
      var expected = x
      for head in 0..<heads {
        for i in 0..<rotary / 2 {
          let a = head * dimension + (interleaved ? 2 * i : i)
          let b = interleaved ? a + 1 : a + rotary / 2
          expected[a] = x[a] * cosine[i] - x[b] * sine[i]
          expected[b] = x[b] * cosine[i] + x[a] * sine[i]
        }
      }
      let y = isa.use {
        mapped(x) {
          sk_rotate(
            $0, Int32(heads), Int32(dimension), Int32(rotary), cosine, sine, interleaved ? 1 : 0)
        }
      }
      for i in y.indices { #expect(abs(y[i] - expected[i]) <= 2e-7) }
    }
  }

  static let activations: [(sk_activation, @Sendable (Double) -> Double)] = [
    (SK_RELU, { max(0, $0) }), (SK_RELU_SQUARED, { max(0, $0) * max(0, $0) }),
    (SK_SILU, { $0 / (1 + exp(-$0)) }), (SK_GELU_ERF, { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }),
    (SK_GELU_TANH, { $0 / (1 + exp(-2 * 0.7978845608028654 * ($0 + 0.044715 * $0 * $0 * $0))) }),
    (SK_SIGMOID, { 1 / (1 + exp(-$0)) }),
  ]

  /// Within 1e-6 of the input's size, or of 1 where results are as large for any input.
  @Test(arguments: Instructions.available, 0..<activations.count)
  func activates(_ isa: Instructions, _ index: Int) {
    let (kind, exact) = Self.activations[index]
    for n in lengths {
      var noise = Noise(n)
      let x = noise.floats(n, size: 14)
      let up = noise.floats(n)
      isa.use {
        let plain = mapped(x) { sk_activate(kind, $0, nil, $0, Int32(n)) }
        let gated = mapped(x) { sk_activate(kind, x, up, $0, Int32(n)) }
        for i in 0..<n {
          let value = Double(x[i])
          let least: Double =
            kind == SK_SIGMOID ? 1 : kind == SK_RELU_SQUARED ? value * value : 0
          let bound = 1e-6 * max(abs(value), least)
          #expect(abs(Double(plain[i]) - exact(value)) <= bound)
          #expect(abs(Double(gated[i]) - exact(value) * Double(up[i])) <= bound)
        }
      }
    }
  }

  @Test(arguments: Instructions.available, lengths)
  func movesNumbers(_ isa: Instructions, _ n: Int) {
    var noise = Noise(n)
    let x = noise.floats(n, size: 40)
    let y = noise.floats(n)
    isa.use {
      #expect(mapped(y) { sk_add_acc(x, $0, Int32(n)) } == zip(x, y).map { $0 + $1 })
      #expect(mapped(y) { sk_scale(x, 3, $0, Int32(n)) } == x.map { $0 * 3 })
      let capped = mapped(x) { sk_softcap($0, 30, $0, Int32(n)) }
      for i in 0..<n {
        let expected = 30 * tanh(Double(x[i]) / 30)
        #expect(abs(Double(capped[i]) - expected) <= 1e-6 * abs(expected))
      }
    }
  }

  /// Every float16 there and back, and the roundings between them, on every set.
  @Test(arguments: Instructions.available)
  func convertsHalves(_ isa: Instructions) {
    let all = (0...UInt16.max).filter { $0 & 0x7c00 != 0x7c00 || $0 & 0x3ff == 0 }
    let wide = floats(all)
    var between = zip(wide, wide.dropFirst()).map { ($0 + $1) / 2 }
    between += between.map { $0.nextUp } + between.map { $0.nextDown } + [1e9, -1e9, 65519, 65520]
    let expected = halves(between)
    isa.use {
      var narrow = [UInt16](repeating: 0, count: all.count)
      sk_to_f16(wide, &narrow, Int32(all.count))
      #expect(narrow == all)
      var back = [Float](repeating: 0, count: all.count)
      sk_from_f16(all, &back, Int32(all.count))
      #expect(back == wide)
      var rounded = [UInt16](repeating: 0, count: between.count)
      sk_to_f16(between, &rounded, Int32(between.count))
      #expect(rounded == expected)
    }
    #if arch(arm64) || os(Linux)
      #expect(halves([1, -2, 65504, 0x1p-24, 0x1p-25]) == [0x3c00, 0xc000, 0x7bff, 1, 0])
    #endif
  }

  @Test(arguments: Instructions.available, lengths)
  func picks(_ isa: Instructions, _ n: Int) {
    var noise = Noise(n)
    var x = noise.floats(n, size: 9)
    isa.use {
      let best = x.indices.max { x[$0] < x[$1] }!
      #expect(sk_argmax(x, Int32(n)) == Int32(x.firstIndex(of: x[best])!))
      let exact = log(x.reduce(0) { $0 + exp(Double($1)) })
      #expect(abs(Double(sk_log_sum_exp(x, Int32(n))) - exact) <= 2e-6 * (1 + abs(exact)))
      let above = x.indices.filter { x[$0] >= 0.5 }.map { Int32($0 + 100) }
      for capacity in [0, above.count / 2, above.count, n + 5] {
        var indices = [Int32](repeating: -1, count: n + 6)
        let count = sk_select_above(x, Int32(n), 0.5, 100, &indices, Int32(capacity))
        #expect(count == above.count)
        #expect(indices.prefix(min(capacity, above.count)).elementsEqual(above.prefix(capacity)))
        #expect(indices.dropFirst(min(capacity, above.count)).allSatisfy { $0 == -1 })
      }
      // NaN is passed over; the first among equals wins.
      x[0] = .nan
      x[n - 1] = 100
      x[n / 2] = 100
      #expect(sk_argmax(x, Int32(n)) == Int32(n / 2))
      #expect(sk_argmax([Float](repeating: .nan, count: n), Int32(n)) == 0)
    }
  }

  @Test(arguments: Instructions.available)
  func sumsMemory(_ isa: Instructions) {
    let bytes = [UInt8](repeating: 1, count: 1003)
    let words = UInt64(1003 / 8) &* 0x0101_0101_0101_0101 &+ 3
    #expect(isa.use { sk_read_sum(bytes, 1003) } == words)
  }
}
