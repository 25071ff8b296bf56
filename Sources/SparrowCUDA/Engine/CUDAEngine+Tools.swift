package import SparrowEngine
package import SparrowSparsity
import SparrowTransformer

extension CUDAEngine {
  package func neuronScores(layer: Int) -> [Float] { [] }

  package func score(
    _ sketch: RowSketch, states: UnsafePointer<Float>, count: Int,
    scores: UnsafeMutablePointer<Float>, energies: UnsafeMutablePointer<Float>
  ) {
    preconditionFailure("no sketches on this device yet")
  }

  package func predict(
    _ plan: FeedForwardPlan, layer: Int, inputs: UnsafePointer<Float>, count: Int
  ) -> Prediction {
    preconditionFailure("no predictors on this device yet")
  }

  package func makeAudit() -> StepAudit {
    StepAudit(plan, model: model, weights: weights, pool: pool, workspace: self)
  }

  package func layerRun(_ layer: Int?) -> any LayerRun {
    preconditionFailure("no single layers on this device yet")
  }
}
