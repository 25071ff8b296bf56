public import SparrowCore

/// A step to be timed over random weights of a well-known model's dimensions.
public struct ShapeQuestion: Sendable {
  /// What a sparse step's selections come from.
  public enum Predictor: String, Sendable, CaseIterable {
    case lowRank, router, sketch, given
  }

  /// The shape's name, such as `opt-6.7b`.
  public var shape: String
  /// Tokens before the one that is decoded.
  public var context = 512
  /// Part of the neurons that is touched; nil times the dense step alone.
  public var density: Double?
  /// Part of the heads that is touched; nil computes all.
  public var heads: Double?
  public var predictor = Predictor.lowRank
  public var rank = 1024
  /// Neurons that are selected together.
  public var group = 1
  /// Networks of every so many layers are sparse.
  public var every = 1
  public var hasSparseHead = false
  /// Compares two such layers with float64 first, which takes some seconds.
  public var checks = false
  public var repetitions = 5

  public init(shape: String) { self.shape = shape }
}

/// How long a synthetic step takes, for `sparrow bench --shape`.
public struct ShapeTiming: Sendable {
  /// A few lines for people.
  public let text: String
  public let json: JSON
}

extension Device {
  /// Makes the weights on the device and times steps of one row.
  ///
  /// Throws `.argument` for a question that has no answer, `.unsupported` for a device that is none
  /// of NVIDIA's with bulk copies, `.system` where its memory is too small.
  public func timing(of question: ShapeQuestion) throws(SparrowError) -> ShapeTiming {
    try BackendChoice.timing(self, of: question)
  }
}
