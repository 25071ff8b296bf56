import Sparrow
import SparrowCPU
import SparrowCore
import SparrowTransformer

extension DensitySweep.Options {
  /// Throws `.argument`, naming the option, for what this model cannot run.
  func validate(_ model: Model) throws(SparrowError) {
    func require(
      _ name: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(SparrowError) {
      guard range.contains(value) else {
        throw SparrowError(
          .argument, field: name, found: "\(value)",
          expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    for batch in batches { try require("batch", batch, 1...model.engine.maximumRows) }
    try require("steps", steps, 1...model.configuration.contextLength)
    try require("repetitions", repetitions, 1...10_000)
    for density in densities where !(0...1).contains(density) {
      throw SparrowError(.argument, field: "density", found: "\(density)", expected: "0 to 1")
    }
  }
}
