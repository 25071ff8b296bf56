import SparrowBlocks
package import SparrowCore
import SparrowFormats
package import SparrowTransformer

/// Writes a model back, as it was read or with changed weights, so that others can read it.
package struct ModelWriter {
  /// The model that is written back: its names, layout, metadata and tokenizer.
  package let source: WeightBinding
  /// Differs from the source's in the activation at most.
  package let configuration: ModelConfiguration
  private let pool: WorkerPool

  /// Gives a role's values: row-major, rows in the source's order, norms as the source stores them.
  package typealias Values = (WeightRole) throws(SparrowError) -> [Float]

  /// Throws `.argument` for a configuration that differs from the source's in more than the
  /// activation, or has more than one.
  package init(
    _ source: WeightBinding, configuration: ModelConfiguration? = nil
  ) throws(SparrowError) {
    let configuration = configuration ?? source.configuration
    var expected = source.configuration
    for index in expected.layers.indices where index < configuration.layers.count {
      expected.layers[index].feedForward.activation =
        configuration.layers[0].feedForward.activation
    }
    guard configuration == expected || configuration == source.configuration else {
      throw SparrowError(
        .argument, file: source.checkpoint.path, field: "configuration",
        found: "another shape than the source's", expected: "at most another activation")
    }
    self.source = source
    self.configuration = configuration
    pool = try WorkerPool(count: 1)
  }

  /// The source's own values, expanded: what an unchanged model is written from.
  package func sourceValues(_ role: WeightRole) throws(SparrowError) -> [Float] {
    try source.floats(role, pool: pool)
  }

  var checkpoint: Checkpoint { source.checkpoint }

  /// The activation, where it is not the source's.
  var changedActivation: Activation? {
    let activation = configuration.layers[0].feedForward.activation
    return activation == source.configuration.layers[0].feedForward.activation ? nil : activation
  }
}
