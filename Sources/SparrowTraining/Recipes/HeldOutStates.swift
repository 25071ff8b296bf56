#if Training
  internal import SparrowCore
  internal import SparrowTransformer

  /// What a frozen model makes of held-out tokens, for measuring predictors: rows of floats by token.
  struct HeldOutStates {
    /// What each network reads, and its activations, by layer.
    var inputs: [[Float]]
    var activations: [[Float]]
    /// What the vocabulary head reads.
    var states: [Float] = []

    /// Positions that are kept at most: some megabytes a layer.
    private static let limit = 2048

    /// Only networks' parts, or only the head's.
    init(
      _ model: SparseTransformer, _ parameters: Parameters, rows: TokenRows, batch: Int,
      ofHead: Bool
    ) throws(SparrowError) {
      let layers = ofHead ? 0 : model.configuration.layers.count
      inputs = Array(repeating: [], count: layers)
      activations = inputs
      var positions = 0
      var first = 0
      while first < rows.count, positions < Self.limit {
        let read = Objective.Batch(try rows.batch(first..<min(first + batch, rows.count)))
        let (states, notes) = model.hidden(read.tokens, parameters)
        let count = min(states.shape[0] * states.shape[1], Self.limit - positions)
        func floats(_ tensor: Tensor) throws(SparrowError) -> [Float] {
          let width = tensor.shape[2]
          return try tensor.reshaped([-1, width]).slice(0, 0..<count).floats()
        }
        if ofHead { self.states += try floats(states) }
        for layer in 0..<layers {
          inputs[layer] += try floats(notes[layer].input!)
          activations[layer] += try floats(notes[layer].neurons!)
        }
        positions += count
        first += batch
      }
    }
  }
#endif
