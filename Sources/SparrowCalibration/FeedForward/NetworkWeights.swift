internal import CSparrowKernels
internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowTransformer

/// One layer's feed-forward network as calibration sees it.
struct NetworkWeights {
  let layer: Int
  let description: FeedForwardDescription
  /// Gate (where there is one) and up. Where `weighted`, up's rows are times the length of their column of down, so
  /// that what a sketch predicts is what a neuron adds to the output, and not its |activation|.
  let rows: SketchedRows
  /// |column of down| of each neuron, `[neurons]`.
  let lengths: [Float]

  init(_ model: Model, layer: Int, weighted: Bool = true) throws(SparrowError) {
    self.layer = layer
    description = model.configuration.layers[layer].feedForward
    let weights = model.engine.weights
    lengths = weights.columnLengths(
      of: WeightRole(.down, layer: layer), pool: model.engine.pool)
    let up = weights.matrix(WeightRole(.up, layer: layer))
    let field = "layer \(layer)"
    if description.gated {
      rows = try SketchedRows(
        model, [weights.matrix(WeightRole(.gate, layer: layer)), up],
        factors: [nil, weighted ? lengths : nil], field: field)
    } else {
      rows = try SketchedRows(model, [up], factors: [nil], field: field)
    }
  }
}
