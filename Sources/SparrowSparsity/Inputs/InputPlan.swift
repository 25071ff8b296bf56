internal import SparrowCore
public import SparrowTransformer

/// Which inputs of one layer's matrices count: TEAL (arXiv 2408.14690, section 4.1).
///
/// An input x_i of a matrix with |x_i| <= threshold counts as zero, so that the matrix's column i
/// is not read. Nothing is predicted: the inputs are there before the matrix that reads them.
public struct InputPlan: Sendable, Equatable {
  public struct Threshold: Sendable, Equatable {
    /// The greatest size that is left out; below 0 nothing is.
    public var value: Float
    /// Part of the inputs that a token keeps on average, 0...1, as calibration measured it; nil if
    /// unknown.
    public var density: Float?

    public init(_ value: Float, density: Float? = nil) {
      self.value = value
      self.density = density
    }
  }

  /// By input; the matrices of an input without one run dense.
  public var thresholds: [LayerInput: Threshold]

  public init(_ thresholds: [LayerInput: Threshold]) { self.thresholds = thresholds }
}

extension InputPlan {
  /// Throws `.malformed`, naming `file` and the field, unless all numbers are possible ones.
  func validate(file: String, name: String) throws(SparrowError) {
    for (input, threshold) in thresholds {
      let check = PlanCheck(file: file, name: "\(name).\(input.rawValue)")
      try check.require(
        threshold.value.isFinite, "threshold", threshold.value, "a finite number")
      if let density = threshold.density {
        try check.require((0...1).contains(density), "density", density, "0 to 1")
      }
    }
  }
}
