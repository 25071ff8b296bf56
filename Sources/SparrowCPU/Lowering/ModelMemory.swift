import SparrowTransformer

/// What lowered programs point into: a model's packed weights and the buffers of its steps.
struct ModelMemory {
  let model: ModelConfiguration
  let weights: PackedWeights
  let buffers: StepBuffers
}
