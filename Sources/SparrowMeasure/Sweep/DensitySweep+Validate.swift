import Sparrow
import SparrowEngine
import SparrowCore
import SparrowTransformer

extension DensitySweep.Options {
  /// Throws `.argument`, naming the option, for what this model cannot run.
  func validate(_ model: Model) throws(SparrowError) {
    for batch in batches {
      try SparrowError.require(batch, in: 1...model.backend.limits.rows, "batch")
    }
    try SparrowError.require(steps, in: 1...model.configuration.contextLength, "steps")
    try SparrowError.require(repetitions, in: 1...10_000, "repetitions")
    for density in densities { try SparrowError.require(density, in: 0...1, "density") }
  }
}
