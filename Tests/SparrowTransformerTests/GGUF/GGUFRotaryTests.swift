import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTransformer

/// What GGUF keys make of rotation and windows; the figures are llama.cpp's.
@Suite struct GGUFRotaryTests {
  private func model(
    _ architecture: String, _ keys: [(String, GGUFBuilder.Value)], without: [String] = []
  ) throws -> ModelConfiguration {
    var header = GGUFHeader(architecture, without: without)
    for (key, value) in keys { header.set(key, value) }
    return try header.configuration()
  }

  private func rotary(
    _ keys: [(String, GGUFBuilder.Value)]
  ) throws -> RotaryDescription {
    try #require(model("llama", keys).layers[0].attention.rotary)
  }

  private func plain(base: Double = 50_000) -> RotaryDescription {
    RotaryDescription(dimension: 16, base: base, interleaved: true)
  }

  @Test func aFactorWithoutATypeIsLinearUnderBothNames() throws {
    let expected = RotaryDescription(
      dimension: 16, base: 50_000, interleaved: true, scaling: .linear(factor: 4))
    #expect(try rotary([("rope.scaling.factor", .float32(4))]) == expected)
    #expect(try rotary([("rope.scale_linear", .float32(4))]) == expected)
    let both: [(String, GGUFBuilder.Value)] = [
      ("rope.scaling.factor", .float32(4)), ("rope.scale_linear", .float32(9)),
    ]
    #expect(try rotary(both) == expected)
  }

  @Test func anAttentionFactorScalesCosineAndSine() throws {
    let factor: (String, GGUFBuilder.Value) = ("rope.scaling.attn_factor", .float32(0.5))
    #expect(try rotary([factor]).magnitude == 0.5)
    let yarn: [(String, GGUFBuilder.Value)] = [
      ("rope.scaling.type", .text("yarn")), ("rope.scaling.factor", .float32(4)),
    ]
    let own = try rotary(yarn).magnitude
    #expect(abs(own - 1.1386294) < 1e-6)
    #expect(try abs(rotary(yarn + [factor]).magnitude - own / 2) < 1e-6)
  }

  @Test func frequencyFactorsAndALinearFactorBothDivide() throws {
    var header = GGUFHeader("llama")
    header.set("rope.scaling.factor", .float32(2))
    header.add("rope_freqs.weight", floats: [1, 2, 3, 4, 5, 6, 7, 8])
    let found = try #require(header.configuration().layers[0].attention.rotary).frequencies
    for (index, (own, plain)) in zip(found, plain().frequencies).enumerated() {
      #expect(abs(own * Float(2 * (index + 1)) - plain) < 1e-6)
    }
  }

  @Test func gemma3WithoutAWindowAttendsToAllInEveryLayer() throws {
    let layers = try model("gemma3", []).layers
    #expect(layers.allSatisfy { $0.attention.window == 0 })
    #expect(layers.allSatisfy { $0.attention.rotary?.base == 50_000 })
    let zero = try model("gemma3", [("attention.sliding_window", .uint32(0))])
    #expect(zero.layers == layers)
  }

  @Test func gemma3sWindowsTurnByTheirOwnBase() throws {
    let window: (String, GGUFBuilder.Value) = ("attention.sliding_window", .uint32(16))
    let layers = try model("gemma3", [window]).layers
    #expect(layers.map(\.attention.window) == [16, 16, 16, 16, 16, 0, 16])
    #expect(layers[0].attention.rotary?.base == 10_000)
    #expect(layers[5].attention.rotary?.base == 50_000)
    let own = try model("gemma3", [window, ("rope.freq_base_swa", .float32(300))])
    #expect(own.layers[0].attention.rotary?.base == 300)
    let bare = try model("gemma3", [], without: ["rope.freq_base"])
    #expect(bare.layers[0].attention.rotary?.base == 10_000)
  }

  @Test func aPatternIsANumberOrALayersList() throws {
    let window: (String, GGUFBuilder.Value) = ("attention.sliding_window", .uint32(16))
    func windows(_ pattern: GGUFBuilder.Value) throws -> [Int] {
      try model("gemma3", [window, ("attention.sliding_window_pattern", pattern)]).layers
        .map(\.attention.window)
    }
    #expect(try windows(.uint32(3)) == [16, 16, 0, 16, 16, 0, 16])
    #expect(try windows(.uint32(1)) == [0, 0, 0, 0, 0, 0, 0])
    #expect(try windows(.uint32(0)) == [16, 16, 16, 16, 16, 16, 16])
    let flags = [false, true, true, false, false, true, false]
    #expect(try windows(.flags(flags)) == flags.map { $0 ? 16 : 0 })
    #expect(try windows(.counts(flags.map { $0 ? 1 : 0 })) == flags.map { $0 ? 16 : 0 })
  }

  @Test func gemma2sWindowsTurnAsTheOthersDo() throws {
    let keys: [(String, GGUFBuilder.Value)] = [("rope.scaling.factor", .float32(2))]
    let layers = try model("gemma2", keys).layers
    #expect(layers.map(\.attention.window) == [4096, 0, 4096, 0, 4096, 0, 4096])
    #expect(layers[0].attention.rotary == layers[1].attention.rotary)
    #expect(layers[0].attention.softcap == 50)
  }
}
