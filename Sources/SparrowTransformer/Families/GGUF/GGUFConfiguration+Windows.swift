import SparrowCore
import SparrowFormats

extension GGUFConfiguration {
  /// Gives layers their windows, and those that have one what turns them.
  func setWindows(_ layers: inout [LayerDescription]) throws(SparrowError) {
    guard let windows = architecture.windows else { return }
    let attention = layers[0].attention
    if !architecture.hasHeadsByLayer {
      for (suffix, length) in [
        ("attention.key_length_swa", attention.headDimension),
        ("attention.value_length_swa", attention.headDimension),
        ("rope.dimension_count_swa", attention.rotary?.dimension ?? 0),
      ] { try require(suffix, equals: length, or: length) }
    }
    let hasWindow = try hasWindow()
    guard windows.size != nil || hasWindow else { return }
    let size = try fields.count("attention.sliding_window", windows.size)
    let slides = try slidingLayers(layers.count, pattern: windows.pattern)
    let rotary = try attention.rotary.map { r throws(SparrowError) in try local(r, windows) }
    for index in layers.indices {
      if slides[index] {
        layers[index].attention.window = size
        layers[index].attention.rotary = rotary
      } else if windows.onlyTheseTurn {
        layers[index].attention.rotary = nil
      }
    }
  }

  private func hasWindow() throws(SparrowError) -> Bool {
    guard fields.has("attention.sliding_window") else { return false }
    return try fields.metadata.int(fields.key("attention.sliding_window")) != 0
  }

  /// The key is a number n, for layers n, 2n, ... that attend to all, or says of each layer whether
  /// it slides.
  private func slidingLayers(_ count: Int, pattern: Int) throws(SparrowError) -> [Bool] {
    let suffix = "attention.sliding_window_pattern"
    if case .numbers = fields.value(suffix) {
      let flags = try fields.metadata.ints(fields.key(suffix))
      guard flags.count == count else {
        throw fields.error(
          suffix, found: "\(flags.count) values", expected: "\(count), one for each layer")
      }
      return flags.map { $0 != 0 }
    }
    let pattern = fields.has(suffix) ? try fields.metadata.int(fields.key(suffix)) : pattern
    guard pattern >= 0 else {
      throw fields.error(suffix, found: "\(pattern)", expected: "a number from 0")
    }
    return (0..<count).map { pattern == 0 || ($0 + 1) % pattern != 0 }
  }

  /// What turns layers with windows, where `global` turns the others.
  private func local(
    _ global: RotaryDescription, _ windows: GGUFArchitecture.Windows
  ) throws(SparrowError) -> RotaryDescription {
    let isOwn = architecture.reads.contains("rope.freq_base_swa")
    let usual = windows.base ?? global.base
    let base = isOwn ? try fields.positive("rope.freq_base_swa", usual) : usual
    let dimension =
      architecture.hasHeadsByLayer
      ? try fields.count("rope.dimension_count_swa", global.dimension) : global.dimension
    guard dimension % 2 == 0 else {
      throw fields.error(
        "rope.dimension_count_swa", found: "\(dimension)", expected: "an even number")
    }
    var local = RotaryDescription(
      dimension: dimension, base: base, interleaved: global.interleaved,
      scaling: windows.scaling == .asOthers ? global.scaling : .none)
    switch windows.scaling {
    case .asOthers: local.magnitude = global.magnitude
    case .factorOnly: local.magnitude *= try attentionFactor()
    case .none: break
    }
    return local
  }
}
