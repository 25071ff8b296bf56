import CSparrowCUDA
import SparrowTransformer

/// What a model needs to be for its decoding step to fit one kernel, and what that kernel is made
/// for.
struct LeanShape {
  let format: scu_format
  /// Of the residual stream, and of the widest input of products.
  let hidden: Int
  let widest: Int
  let heads: Int
  let keyHeads: Int
  let headDimension: Int
  /// Blocks of the kernel.
  let grid: Int
  /// The block that has the first tile of products for the residual stream.
  let streamBlock: Int
  /// Lines of weights that each warp has under way.
  let slots: Int
  /// Whether blocks have room for the keys and values that they attend to.
  let isStaged: Bool
  let sharedBytes: Int
  /// Constants by which the kernel is kept short.
  private let kind: [(String, Int)]

  /// Each block makes the whole input by itself: beyond these it would take longer than a launch.
  private static let widestHidden = 2048
  private static let widestInput = 8192
  /// Shared memory of a block that the kernel's own variables take.
  private static let reserved = 4 << 10

  /// Layers' matrices that products go through.
  static func kinds(_ model: ModelConfiguration) -> [WeightRole.Kind] {
    [.query, .key, .value, .output, .up, .down] + (model.layers[0].feedForward.gated ? [.gate] : [])
  }

  /// Whether a model is of the kind that fits one kernel, in whatever format.
  static func fits(_ model: ModelConfiguration) -> Bool {
    guard let first = model.layers.first, model.embeddingWidth == model.hidden,
      model.hidden <= Self.widestHidden, model.hidden % 2 == 0,
      model.layers.allSatisfy({ $0.fitsLean(like: first) }),
      model.finalNorm.map({ $0.kind == first.norm.kind }) ?? true,
      first.placement == .before || model.finalNorm == first.norm
    else { return false }
    return inputWidth(model) <= widestInput
  }

  private static func inputWidth(_ model: ModelConfiguration) -> Int {
    let attention = model.layers[0].attention
    return max(
      model.hidden, attention.heads * attention.headDimension,
      model.layers.map(\.feedForward.width).max()!)
  }

  /// nil for models that have to be run operation by operation.
  init?(_ operands: Operands) {
    let model = operands.model
    guard Self.fits(model) else { return nil }
    let first = model.layers[0]
    let format = operands.matrix(.query, 0).format
    guard format != SCU_F32,
      model.layers.indices.allSatisfy({ layer in
        Self.kinds(model).allSatisfy { operands.matrix($0, layer).format == format }
      })
    else { return nil }
    self.format = format
    hidden = model.hidden
    heads = first.attention.heads
    keyHeads = first.attention.keyValueHeads
    headDimension = first.attention.headDimension
    widest = Self.inputWidth(model)
    func tiles(_ kinds: [WeightRole.Kind], _ layer: Int) -> Int {
      kinds.reduce(0) { $0 + (operands.matrix($1, layer).rows + 15) / 16 }
    }
    // No vector may be overwritten before all have read it. So every block has a tile of each
    // layer's network, or else of both products for the residual stream.
    let neurons = model.layers.indices.map { tiles([.up], $0) }.min()!
    let stream = tiles([.output], 0)
    if neurons + stream <= operands.multiprocessors {
      (grid, streamBlock) = (neurons + stream, neurons)
    } else {
      (grid, streamBlock) = (min(operands.multiprocessors, neurons), 0)
    }
    let room = operands.kernels.library.context.device.sharedMemory - Self.reserved
    let (widest, heads, dimension) = (widest, heads, headDimension)
    func bytes(_ slots: Int, _ isStaged: Bool) -> Int {
      Int(
        scu_lean_bytes(
          Int32(format.rawValue), Int32(slots), Int32(widest), Int32(Self.phaseCount(model)),
          Int32(heads), Int32(dimension), isStaged ? 1 : 0))
    }
    let cuts = [(6, true), (5, true), (4, true), (3, true), (6, false), (4, false), (3, false)]
    guard let fitting = cuts.first(where: { bytes($0.0, $0.1) <= room }) else { return nil }
    (slots, isStaged) = fitting
    sharedBytes = bytes(slots, isStaged)
    let hasBiases = [WeightRole.Kind.attentionNorm, .feedForwardNorm, .finalNorm].contains {
      operands.bias($0, $0 == .finalNorm ? nil : 0) != 0
    }
    let attention = first.attention
    let traits: [(String, Bool)] = [
      ("IS_RMS", first.norm.kind == .rms), ("NORM_BIASES", hasBiases),
      ("POST_NORMS", first.placement == .around),
      ("HEAD_NORMS", attention.headNorm != nil || attention.valueNorm != nil),
      ("IS_GATED", first.feedForward.gated),
      ("HAS_POSITIONS", model.learnedPositionOffset != nil),
    ]
    kind =
      traits.map { ($0.0, $0.1 ? 1 : 0) }
      + [("ACTIVATION", Int(first.feedForward.activation.number))]
  }

  static func phaseCount(_ model: ModelConfiguration) -> Int { 5 * model.layers.count + 1 }

  func constants(phases: Int) -> [(String, Int)] {
    [
      ("FORMAT", Int(format.rawValue)), ("TILES", 1), ("COLUMN_TILES", 1), ("SLOTS", slots),
      ("BLOCKS", 1), ("HIDDEN", hidden), ("WIDEST", widest), ("PHASES", phases),
      ("HEADS", heads), ("KEY_HEADS", keyHeads), ("HEAD", headDimension),
      ("IS_STAGED", isStaged ? 1 : 0),
    ] + kind
  }
}

extension LayerDescription {
  /// Whether it is one of those that a lean step knows, and differs from another one in nothing but
  /// its window, its rotary embedding and its network's width.
  fileprivate func fitsLean(like first: LayerDescription) -> Bool {
    var own = attention
    (own.window, own.rotary) = (first.attention.window, first.attention.rotary)
    return own == first.attention && (placement == .before || placement == .around)
      && placement == first.placement && norm == first.norm && !isScaled && !attention.isGated
      && !attention.valuesAreKeys && attention.headNormSpan != .allHeads
      && attention.headDimension % 8 == 0
      && feedForward.gated == first.feedForward.gated
      && feedForward.activation == first.feedForward.activation
      && feedForward.width % 2 == 0
  }
}
