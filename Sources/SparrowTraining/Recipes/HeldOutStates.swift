#if Training
  internal import SparrowCore
  internal import SparrowTransformer

  /// What a frozen model makes of held-out tokens, for measuring predictors: rows of floats by
  /// token.
  struct HeldOutStates {
    /// What each layer's predictor reads, and the activations or the head groups' lengths that it
    /// tells of.
    var inputs: [[Float]]
    var targets: [[Float]]
    /// What the vocabulary head reads.
    var states: [Float] = []
    /// The tokens, in rows.
    var windows: [[Int32]] = []

    /// Positions that are kept at most: some megabytes a layer.
    private static let limit = 2048

    /// Only what `part` needs.
    init(
      _ model: SparseTransformer, _ parameters: Parameters, rows: TokenRows, batch: Int,
      part: PredictorRecipe.Part
    ) throws(SparrowError) {
      let layers = part == .head ? 0 : model.configuration.layers.count
      inputs = Array(repeating: [], count: layers)
      targets = inputs
      let labels = PredictionLabels(model.configuration, parameters)
      var positions = 0
      var first = 0
      while first < rows.count, positions < Self.limit {
        let read = try rows.batch(first..<min(first + batch, rows.count))
        for row in 0..<read.count {
          let start = row * (read.length + 1)
          windows.append(Array(read.tokens[start..<start + read.length]))
        }
        let (states, _, notes) = model.run(Objective.Batch(read).tokens, parameters)
        let count = min(states.shape[0] * states.shape[1], Self.limit - positions)
        func floats(_ tensor: Tensor) throws(SparrowError) -> [Float] {
          let width = tensor.shape[2]
          return try tensor.reshaped([-1, width]).slice(0, 0..<count).floats()
        }
        if part == .head { self.states += try floats(states) }
        for layer in 0..<layers {
          if part == .networks {
            inputs[layer] += try floats(notes[layer].input!)
            targets[layer] += try floats(notes[layer].neurons!)
          } else {
            inputs[layer] += try floats(notes[layer].attentionInput!)
            targets[layer] += try floats(labels.headLengths(layer, notes[layer]))
          }
        }
        positions += count
        first += batch
      }
    }
  }
#endif
