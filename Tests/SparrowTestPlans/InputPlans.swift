package import SparrowSparsity
package import SparrowTransformer

package enum InputPlans {
  /// The same threshold for every input of every layer, or for some; a quarter of it for neurons.
  package static func all(
    _ model: ModelConfiguration, _ value: Float, _ inputs: [LayerInput] = LayerInput.allCases
  ) -> [Int: InputPlan] {
    let thresholds = inputs.map { ($0, InputPlan.Threshold($0 == .down ? value / 4 : value)) }
    let plan = InputPlan(Dictionary(uniqueKeysWithValues: thresholds))
    return Dictionary(uniqueKeysWithValues: model.layers.indices.map { ($0, plan) })
  }
}
