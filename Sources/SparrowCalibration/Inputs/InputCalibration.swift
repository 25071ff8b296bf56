public import Sparrow
public import SparrowCore
internal import SparrowCPU
public import SparrowSparsity
public import SparrowTransformer

/// Thresholds for the inputs of every matrix, from a density: TEAL's uniform form (arXiv 2408.14690, section 5.1),
/// which leaves out the same part of every matrix's inputs.
public enum InputCalibration {
  public struct Options: Sendable, Equatable {
    /// Tokens of the text that are seen, at most.
    public var tokens: Int
    /// Part of the inputs that a token keeps on average, above 0 and at most 1.
    public var density: Float
    public var window = 512

    public init(tokens: Int = 30_000, density: Float = 0.5) {
      self.tokens = tokens
      self.density = density
    }
  }

  /// What one layer's thresholds keep.
  public struct LayerReport: Sendable {
    public var layer: Int
    /// Part of the inputs above their threshold in held-out windows.
    public var densities: [LayerInput: Float]

    public var json: JSON {
      .object(
        [("layer", .integer(layer))]
          + LayerInput.allCases.map { input in
            (input.rawValue, densities[input].map { .number(Double($0)) } ?? .null)
          })
    }
  }

  /// Runs the text densely once; thresholds are quantiles of the sizes that each input has there.
  ///
  /// `progress` gets the part done and returns false to stop, which throws `.cancelled`. Throws `.argument` for a
  /// text of fewer than two windows and for a density outside 0...1.
  public static func fit(
    model: Model, text: String, options: Options = Options(),
    progress: (Double, String) -> Bool = { _, _ in true }
  ) throws(SparrowError) -> (inputs: [Int: InputPlan], reports: [LayerReport]) {
    guard options.density > 0, options.density <= 1 else {
      throw SparrowError(
        .argument, field: "density", found: "\(options.density)", expected: "above 0, at most 1")
    }
    let sizes = try InputSizes(model, text: text, options: options, progress: progress)
    var plans: [Int: InputPlan] = [:]
    var reports: [LayerReport] = []
    for (layer, own) in sizes.layers.enumerated() {
      var plan = InputPlan([:])
      var report = LayerReport(layer: layer, densities: [:])
      for (input, seen) in own {
        let least = seen.fitted.size(below: 1 - Double(options.density))
        let density = Float(seen.heldOut.part(above: least))
        plan.thresholds[input] = .init(least, density: density)
        report.densities[input] = density
      }
      plans[layer] = plan
      reports.append(report)
    }
    return (plans, reports)
  }
}
