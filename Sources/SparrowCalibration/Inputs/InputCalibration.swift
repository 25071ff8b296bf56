internal import Sparrow
public import SparrowCore
internal import SparrowEngine
internal import SparrowSparsity
public import SparrowTransformer

/// Thresholds for the inputs of every matrix, from a density: TEAL (arXiv 2408.14690, section 4).
public enum InputCalibration {
  /// How a density is shared out among the inputs of a layer.
  public enum Allocation: String, Sendable, CaseIterable {
    /// Where the layer's result loses least (`GreedyAllocation`).
    case greedy
    /// The same for all.
    case uniform
  }

  public struct Options: Sendable, Equatable {
    /// Tokens of the text that are seen, at most.
    public var tokens: Int
    /// Part of each layer's weights that a token reads on average, above 0 and at most 1.
    public var density: Float
    /// How that part is shared out among the inputs of a layer.
    public var allocation: Allocation
    public var window = 512

    public init(tokens: Int = 30_000, density: Float = 0.5, allocation: Allocation = .greedy) {
      self.tokens = tokens
      self.density = density
      self.allocation = allocation
    }

    /// Throws `.argument`, naming the option, for a number outside its range.
    func validate() throws(SparrowError) {
      try SparrowError.require(tokens, in: 64...100_000_000, "tokens")
      try SparrowError.require(window, in: 32...65536, "window")
      guard density > 0, density <= 1 else {
        throw SparrowError(
          .argument, field: "density", found: "\(density)", expected: "above 0, at most 1")
      }
    }
  }

  /// What one layer's thresholds keep.
  public struct LayerReport: Sendable {
    public var layer: Int
    /// Part of the inputs above their threshold in held-out windows.
    public var densities: [LayerInput: Float]
    /// Their mean, each weighted by the bytes of its matrices.
    public var density: Float

    public var json: JSON {
      .object(
        [("layer", .integer(layer)), ("density", .number(Double(density)))]
          + LayerInput.allCases.map { input in
            (input.rawValue, densities[input].map { .number(Double($0)) } ?? .null)
          })
    }
  }

  /// Runs the text densely once; thresholds are quantiles of the sizes that each input has there.
  ///
  /// The greedy allocation then runs 256 tokens through each layer 4 times for each cut
  /// (`GreedyAllocation`). Inputs that it leaves whole get no threshold. Throws `.argument` for a
  /// text of fewer than two windows and for a density outside 0...1, `.cancelled`.
  static func fit(
    model: Model, text: String, options: Options = Options(),
    progress: Progress = .none
  ) throws(SparrowError) -> (inputs: [Int: InputPlan], reports: [LayerReport]) {
    try options.validate()
    let recorder = try StateRecorder(
      model, text: text, tokens: options.tokens, window: options.window, minimum: 2)
    let isGreedy = options.allocation == .greedy
    let recording = isGreedy ? 0.2 : 1
    let sizes = try InputSizes(
      model, recorder, progress: progress.part(0..<recording, "recording inputs"))
    let cutter = isGreedy ? try InputCutter(model, sizes, recorder) : nil
    let cutting = progress.part(recording..<1, "cutting inputs")
    var plans: [Int: InputPlan] = [:]
    var reports: [LayerReport] = []
    for (layer, own) in sizes.layers.enumerated() {
      let densities = try cutter?.densities(
        of: layer, target: Double(options.density),
        progress: cutting.part(layer, of: sizes.layers.count))
      var plan = InputPlan([:])
      var report = LayerReport(layer: layer, densities: [:], density: 0)
      let shares = model.backend.weights.shares(ofLayer: layer)
      for (input, seen) in own {
        let wanted = densities?[input] ?? Double(options.density)
        var density: Float = 1
        if wanted < 1 {
          let least = seen.fitted.size(below: 1 - wanted)
          density = Float(seen.heldOut.part(above: least))
          plan.thresholds[input] = .init(least, density: density)
        }
        report.densities[input] = density
        report.density += density * Float(shares[input]!)
      }
      if !plan.thresholds.isEmpty { plans[layer] = plan }
      reports.append(report)
    }
    return (plans, reports)
  }
}
