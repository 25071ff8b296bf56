internal import Sparrow
public import SparrowCore
internal import SparrowEngine
internal import SparrowSparsity
public import SparrowTransformer

/// The memory that a request takes at its peak, as its model's configuration tells: known before
/// the work, and kept by recording some layers at once.
///
/// Sums what is large: weights, records of layers, fitted predictors and their packed copies, and
/// what each step of the work holds meanwhile. `Scripts/check_calibration_memory.py` compares it
/// with what processes took.
public struct CalibrationMemory: Sendable {
  private let model: ModelConfiguration
  private let weightBytes: Int
  private let request: Calibration.Request

  /// `weightBytes` are those of the packed model: about its file's.
  public init(_ model: ModelConfiguration, weightBytes: Int, _ request: Calibration.Request) {
    self.model = model
    self.weightBytes = weightBytes
    self.request = request
  }

  /// Bytes at the peak, with so many layers recorded in a pass over the text.
  public func peak(layersAtOnce count: Int) -> Int {
    let parts = [
      request.head.map(head) ?? 0, request.inputs.map { _ in inputs } ?? 0,
      max(recording(count) + fitting + plans, choosing),
    ]
    return base + parts.max()!
  }

  /// Layers that are recorded in a pass, as many as the limit allows, and the peak that they make.
  ///
  /// Throws `.argument`, naming both sizes, for a limit that one layer at once would exceed.
  public func plan(
    within limit: Int?
  ) throws(SparrowError) -> (layersAtOnce: Int, peak: Int) {
    let all = model.layers.count
    guard let limit else { return (all, peak(layersAtOnce: all)) }
    let most = (1...all).last { peak(layersAtOnce: $0) <= limit }
    guard let most else {
      throw SparrowError(
        .argument, field: "memory", found: Quantity.bytes(limit),
        expected: "at least \(Quantity.bytes(peak(layersAtOnce: 1))), with one layer at a time")
    }
    // As many passes, but none with fewer layers than it could have.
    let passes = (all + most - 1) / most
    let even = (all + passes - 1) / passes
    return (even, peak(layersAtOnce: even))
  }

  // MARK: - Parts

  private var hidden: Int { model.hidden }
  private var square: Int { hidden * hidden }
  private var widest: Int { model.layers.map(\.feedForward.width).max() ?? 0 }
  private var window: Int {
    min(request.networks?.window ?? request.attention?.window ?? 0, model.contextLength)
  }
  private var heldOutWindows: Int {
    let tokens = request.networks?.tokens ?? request.attention?.tokens ?? 0
    return max(1, tokens / max(1, window) / 10)
  }
  private var samples: Int { min(TextPass.usualSamples, heldOutWindows * window) }

  /// The program, the tokenizer with its merges, and the model.
  private var base: Int { 30 << 20 + 300 * model.vocabulary + weightBytes }

  private func head(_ options: VocabularyCalibration.Options) -> Int {
    let states = min(2048, max(1, options.tokens / options.window / 10) * options.window)
    let scored = min(max(VocabularyMeasurement.rowLimit, options.candidates), model.vocabulary)
    // Entries of two numbers, twice as many as are kept, of each state.
    let lists = states * 2 * scored * 8
    let rows = 4 * hidden * (states + SketchScorer.chunkRows) + SketchScorer.scoreBytes
    let isProduct = options.coding == .product
    let sketch = model.vocabulary * (isProduct ? options.codes / 2 : hidden * 5 / 8)
    let sample = isProduct ? 4 * hidden * min(20_000, model.vocabulary) : 0
    return max(lists + rows, sample + 10 * 8 * square) + 2 * sketch
  }

  /// Histograms of sizes, and one layer's matrices once more.
  private var inputs: Int {
    model.layers.count * 8 * (1 << 17) + weightBytes / max(1, model.layers.count)
  }

  /// Records of layers, and the window in work.
  private func recording(_ count: Int) -> Int {
    var layers = 0
    if let networks = request.networks {
      let crossing: (FeedForwardDescription) -> Int = { network in
        switch networks.crossing(network) {
        case .nothing: 0
        case .activations: 4 * network.width * (hidden + window)
        case .inputsBefore: 4 * square
        }
      }
      let sizes = model.layers.map(\.feedForward).map { network in
        8 * square + 4 * hidden * (samples + window) + 4 * network.width * (samples + 1)
          + crossing(network)
      }
      layers += greatestSum(sizes, count + (networks.lookahead && count < sizes.count ? 1 : 0))
    }
    if let attention = request.attention {
      let sizes = model.layers.map(\.attention).map { attention in
        let groups = attention.keyValueHeads
        return 8 * square + 4 * hidden * (samples + window + groups)
          + 4 * attention.groupWidth * groups * (window + attention.groupWidth)
      }
      layers += greatestSum(sizes, count + (attention.lookahead && count < sizes.count ? 1 : 0))
    }
    let cache = 2 * model.cacheElementsPerToken * window
    return layers + cache
  }

  /// The largest `count` of adjacent sizes together.
  private func greatestSum(_ sizes: [Int], _ count: Int) -> Int {
    let count = min(count, sizes.count)
    return (0...sizes.count - count).map { sizes[$0..<$0 + count].reduce(0, +) }.max() ?? 0
  }

  /// What fitting one layer holds besides its record.
  private var fitting: Int {
    guard let networks = request.networks else { return 6 * 8 * square }
    let rows = 4 * widest * hidden
    let scores = 4 * samples * widest
    switch networks.method {
    case .sketch: return 6 * 8 * square + 6 * scores
    case .lowRank, .router: return 6 * 8 * square + 4 * rows + 2 * scores
    case .magnitude: return 4 * scores
    case .exact: return 3 * scores
    }
  }

  /// Fitted predictors of all layers.
  private var plans: Int {
    guard let networks = request.networks else { return 0 }
    let settled = networks.settled(for: model)
    return model.layers.map(\.feedForward).reduce(0) { sum, network in
      let rows = network.width * (network.gated ? 2 : 1)
      let rank = networks.rank == 0 ? hidden / 4 : networks.rank
      let bits =
        switch networks.method {
        case .sketch: sketchBits(settled.rowCoding, rows, network.width, settled)
        case .lowRank: 16 * rank * (hidden + network.width)
        case .router: 16 * hidden * network.width / networks.groupSize
        case .magnitude, .exact: 0
        }
      return sum + bits / 8
    }
  }

  private func sketchBits(
    _ coding: SketchCoding, _ rows: Int, _ width: Int, _ options: FeedForwardCalibration.Options
  ) -> Int {
    let down = options.rest == .sketch ? width * hidden : 0
    switch coding {
    case .product: return rows * options.codes * 4 + 8 * square
    case .int4: return (rows * hidden + down) * 9 / 2
    case .int5: return (rows * hidden + down) * 11 / 2
    case .lowRank, .lowRankInt4: return rows * hidden * 2 + 8 * square
    }
  }

  /// What decoding with plans holds: they are packed once more, networks' downs by columns too, all
  /// in huge pages; beside them stand the dense logits of held-out text and sequences to time.
  private var choosing: Int {
    guard request.networks != nil || request.attention != nil else { return 0 }
    let downs = request.networks == nil ? 0 : model.downShare * Double(weightBytes)
    let positions = request.networks == nil ? 640 : 1280
    let logits = min(
      PlanProbe.logitBytes, 4 * model.vocabulary * min(positions, heldOutWindows * window))
    // A huge page for each layer's packed parts and for each sequence that is timed.
    let pages = (model.layers.count + 16) << 20
    return 2 * plans + Int(downs) + logits + pages
  }
}

extension ModelConfiguration {
  /// Part of all weights that the networks' last matrices are.
  fileprivate var downShare: Double {
    var down = 0
    var all = vocabulary * embeddingWidth * (tiedHead ? 1 : 2)
    for layer in layers {
      let own = layer.feedForward.width * hidden
      let heads = layer.attention.heads + layer.attention.keyValueHeads
      down += own
      all += own * (layer.feedForward.gated ? 3 : 2)
      all += 2 * hidden * heads * layer.attention.headDimension
    }
    return Double(down) / Double(all)
  }
}
