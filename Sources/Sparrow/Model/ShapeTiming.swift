public import SparrowCore

/// A step to be timed over random weights of a well-known model's dimensions.
public struct ShapeQuestion: Sendable {
  /// What a sparse step's selections come from.
  public enum Predictor: String, Sendable, CaseIterable {
    /// Two matrices of a rank (Deja Vu, arXiv 2310.17157, section 4.3).
    case lowRank
    /// A score for each group (LTE, arXiv 2402.06126, eq. 1).
    case router
    /// A 4-bit copy of the network's rows (HiRE, arXiv 2402.09360, algorithm 1).
    case sketch
    /// None: what selections cost when they are free.
    case given
  }

  /// How weights are stored.
  public enum Format: String, Sendable, CaseIterable {
    case bf16
    /// Numbers of 8 or 4 bits, and a float16 scale for each 32.
    case q8_0, q4_0
  }

  /// The shape's name, such as `opt-6.7b`.
  public var shape: String
  /// Of all matrices.
  public var format = Format.bf16
  /// Of predictors' and routers' matrices; nil stores them as the others.
  public var predictorFormat: Format?
  /// Tokens before the one that is decoded.
  public var context = 512
  /// Part of the neurons that is touched; nil times the dense step alone.
  public var density: Double?
  /// Part of the heads that is touched; nil computes all.
  public var heads: Double?
  /// What selects neurons and heads.
  public var predictor = Predictor.lowRank
  /// Columns of a low-rank predictor's first matrix.
  public var rank = 1024
  /// Neurons that are selected together.
  public var group = 1
  /// Networks of every so many layers are sparse.
  public var every = 1
  /// Finds the best tokens by a sketch of the vocabulary head (HiRE-Softmax).
  public var hasSparseHead = false
  /// Times the network's gather by density, inside a step and alone, in place of a step.
  public var gathers = false
  /// Compares two such layers with float64 first, which takes some seconds.
  public var checks = false
  /// Rows of steps whose unions are as wide as published, each timed sparsely and densely as the
  /// engine runs models of files; empty times the one-row kernel instead.
  public var batches: [Int] = []
  /// Times that each step is timed; the median is told.
  public var repetitions = 5

  public init(shape: String) { self.shape = shape }
}

/// How long a synthetic step takes, for `sparrow bench --shape`.
public struct ShapeTiming: Sendable {
  /// A few lines for people.
  public let text: String
  /// The same for machines: milliseconds, bytes, GB/s, ratios.
  public let json: JSON
}

extension Device {
  /// Makes the weights on the device and times steps; takes seconds, and the memory of the shape's
  /// weights, in batches once more that of down and output matrices.
  ///
  /// Throws `.argument` for a question that has no answer, `.unsupported` for a device that is none
  /// of NVIDIA's with bulk copies, `.system` where its memory is too small.
  public func timing(of question: ShapeQuestion) throws(SparrowError) -> ShapeTiming {
    try BackendChoice.timing(self, of: question)
  }
}
