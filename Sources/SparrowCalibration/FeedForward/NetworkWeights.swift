internal import CSparrowKernels
internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowTransformer

/// One layer's feed-forward network as calibration sees it.
struct NetworkWeights {
  let layer: Int
  let description: FeedForwardDescription
  /// Gate (where there is one) and up. Where `weighted`, up's rows are times the length of their
  /// column of down, so that what a sketch predicts is what a neuron adds to the output, and not
  /// its |activation|.
  let rows: SketchedRows
  /// |column of down| of each neuron, `[neurons]`.
  let lengths: [Float]

  init(_ model: Model, layer: Int, weighted: Bool = true) throws(SparrowError) {
    self.layer = layer
    description = model.configuration.layers[layer].feedForward
    let weights = model.backend.weights
    lengths = weights.columnLengths(
      of: WeightRole(.down, layer: layer), pool: model.pool)
    let up = WeightRole(.up, layer: layer)
    let field = "layer \(layer)"
    if description.gated {
      rows = try SketchedRows(
        model, [WeightRole(.gate, layer: layer), up],
        factors: [nil, weighted ? lengths : nil], field: field)
    } else {
      rows = try SketchedRows(model, [up], factors: [nil], field: field)
    }
  }
}
