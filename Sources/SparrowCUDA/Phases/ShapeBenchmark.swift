package import SparrowCore

/// How long a decoding step of a synthetic model takes on a device, beside how fast the device
/// reads and beside our own dense step of the same run.
package struct ShapeBenchmark: Sendable {
  package let shape: SyntheticShape
  package let sparsity: SyntheticSparsity?
  package let context: Int
  package let device: String
  /// Bytes a second that the device reads at most.
  package let ceiling: Double
  package let dense: Step
  package let sparse: Step?
  /// How many times faster sparse was, the median of pairs measured in turn.
  package let speedup: Double?

  /// One kind of step.
  package struct Step: Sendable {
    /// Median of all groups of steps.
    package let milliseconds: Double
    /// Weights and cache.
    package let byteCount: Int
    /// The relative error of a two-layer model's logits against float64; nil if not checked.
    package let error: Double?

    package var bytesPerSecond: Double { Double(byteCount) / milliseconds * 1000 }
  }

  /// Makes the weights on the device, takes a step of each kind in turn, and prints nothing.
  ///
  /// `checks` compares a model of two such layers with a plain computation in float64 first, which
  /// takes some seconds. Throws `.system` where the device has too little memory.
  package static func run(
    _ shape: SyntheticShape, _ sparsity: SyntheticSparsity?, context: Int, checks: Bool,
    repetitions: Int, _ library: KernelLibrary
  ) throws(SparrowError) -> ShapeBenchmark {
    let ceiling = try DeviceBandwidth.measure(library).reads
    let errors =
      checks
      ? try errors(of: shape.shortened(layers: 2, vocabulary: 8192), sparsity, context, library)
      : nil
    let model = try SyntheticModel(shape, sparsity, context: context, library)
    let timer = try StepTimer(library.context)
    func time(_ isSparse: Bool) throws(SparrowError) -> Double {
      try timer.milliseconds(10) { () throws(SparrowError) in
        try model.step(isSparse: isSparse)
      }
    }
    var dense: [Double] = []
    var sparse: [Double] = []
    for _ in 0..<repetitions {
      dense.append(try time(false))
      if sparsity != nil { sparse.append(try time(true)) }
    }
    return ShapeBenchmark(
      shape: shape, sparsity: sparsity, context: context, device: library.context.device.name,
      ceiling: ceiling,
      dense: Step(
        milliseconds: median(dense), byteCount: try model.byteCount(isSparse: false),
        error: errors?[0]),
      sparse: sparsity == nil
        ? nil
        : Step(
          milliseconds: median(sparse), byteCount: try model.byteCount(isSparse: true),
          error: errors?[1]),
      speedup: sparsity == nil ? nil : median(zip(dense, sparse).map { $0 / $1 }))
  }

  private static func errors(
    of shape: SyntheticShape, _ sparsity: SyntheticSparsity?, _ context: Int,
    _ library: KernelLibrary
  ) throws(SparrowError) -> [Double] {
    let model = try SyntheticModel(shape, sparsity, context: context, library)
    var errors: [Double] = []
    for isSparse in sparsity == nil ? [false] : [false, true] {
      errors.append(try StepOracle(model: model).error(isSparse: isSparse))
    }
    return errors
  }
}

/// Of an even number of values, halfway between those in the middle.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
