package import SparrowCore

/// The dimensions of a model that people compare by: its weights are not needed to say how long a
/// step takes.
package struct SyntheticShape: Sendable, Equatable {
  package let name: String
  package var layers: Int
  package let width: Int
  package let neurons: Int
  package let heads: Int
  package let keyHeads: Int
  package let headDimension: Int
  package var vocabulary: Int
  package let style: Style
  /// How its matrices are stored.
  package private(set) var format = StepFormat.bf16

  /// What the architecture adds to its matrices.
  package enum Style: Sendable {
    /// Layer norms, biases, learned positions, a network of ReLU.
    case opt
    /// RMS norms, rotary positions, a gated network of SiLU.
    case llama
    /// Layer norms, no biases or positions, a network of ReLU.
    case hire
  }

  package var isGated: Bool { style == .llama }
  /// Of a row of `width` weights.
  var rowBytes: Int { format.rowBytes(width) }
  /// Rows of a head group's queries, key and value.
  package var headRows: Int { (heads / keyHeads + 2) * headDimension }
  package var projectionRows: Int { keyHeads * headRows }
  /// Weights of all matrices, the head's included once.
  package var parameterCount: Int {
    let attention = width * (projectionRows + heads * headDimension)
    return layers * (attention + width * neurons * (isGated ? 3 : 2)) + width * vocabulary
  }

  private init(
    _ name: String, _ style: Style, layers: Int, width: Int, neurons: Int, heads: Int,
    keyHeads: Int? = nil, headDimension: Int = 128, vocabulary: Int
  ) {
    self.name = name
    self.style = style
    self.layers = layers
    self.width = width
    self.neurons = neurons
    self.heads = heads
    self.keyHeads = keyHeads ?? heads
    self.headDimension = headDimension
    self.vocabulary = vocabulary
  }

  package static let all: [SyntheticShape] = [
    .init(
      "opt-6.7b", .opt, layers: 32, width: 4096, neurons: 16384, heads: 32, vocabulary: 50272),
    .init(
      "opt-13b", .opt, layers: 40, width: 5120, neurons: 20480, heads: 40, vocabulary: 50272),
    .init(
      "opt-30b", .opt, layers: 48, width: 7168, neurons: 28672, heads: 56, vocabulary: 50272),
    .init(
      "opt-66b", .opt, layers: 64, width: 9216, neurons: 36864, heads: 72, vocabulary: 50272),
    .init(
      "llama2-7b", .llama, layers: 32, width: 4096, neurons: 11008, heads: 32,
      vocabulary: 32000),
    .init(
      "llama3-8b", .llama, layers: 32, width: 4096, neurons: 14336, heads: 32, keyHeads: 8,
      vocabulary: 128_256),
    .init(
      "llama3.2-1b", .llama, layers: 16, width: 2048, neurons: 8192, heads: 32, keyHeads: 8,
      headDimension: 64, vocabulary: 128_256),
    .init(
      "hire-1b", .hire, layers: 10, width: 2048, neurons: 18432, heads: 16,
      vocabulary: 256_000),
  ]

  /// Throws `.argument` for a name that is not in the table.
  package static func named(_ name: String) throws(SparrowError) -> SyntheticShape {
    if let shape = all.first(where: { $0.name == name }) { return shape }
    throw SparrowError(
      .argument, field: "--shape", found: name,
      expected: all.map(\.name).joined(separator: ", "))
  }

  /// Words of a layer's mask of neurons, a bit for each group: fours of them, to be read at once.
  func maskWords(_ sparsity: SyntheticSparsity?) -> Int {
    (neurons / (sparsity?.group ?? 1) + 127) / 128 * 4
  }

  /// Whether its kernel takes weights in blocks.
  var takesBlocks: Bool { StepKernel.warps(width) * 512 == width && headDimension == 128 }

  /// The same weights in another format.
  ///
  /// Throws `.argument` for blocks of a shape whose kernel has none: they take widths of which each
  /// thread has sixteen columns, and heads of 128.
  package func stored(as format: StepFormat) throws(SparrowError) -> SyntheticShape {
    guard format == .bf16 || takesBlocks else {
      throw SparrowError(
        .argument, field: "--format", found: "\(format.rawValue) of \(name)",
        expected: "bf16, or a shape of 4096, 5120 or 7168 columns")
    }
    var shape = self
    shape.format = format
    return shape
  }

  /// The same layers, fewer of them, under a small head: for checks.
  package func shortened(layers: Int, vocabulary: Int) -> SyntheticShape {
    var shape = self
    shape.layers = layers
    shape.vocabulary = vocabulary
    return shape
  }
}
