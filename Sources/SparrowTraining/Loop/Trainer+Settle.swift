#if Training
  internal import SparrowCore

  extension Trainer {
    /// Settles the density that decoding will show, on held-out rows, where a stage asks for one.
    func settle(_ stage: TrainingStage) throws(SparrowError) {
      guard let target = stage.settledDensity, let rows = heldOut else { return }
      // What fills the last row up is no text.
      let positions = rows.store.count - 1
      var batches: [Tensor] = []
      for part in parts(of: rows).map({ $0.filter { ($0 + 1) * rows.length <= positions } })
      where !part.isEmpty {
        batches.append(Objective.Batch(try rows.batch(part)).tokens)
      }
      if batches.isEmpty {
        let beginning = Objective.Batch(try rows.batch([0])).tokens
        batches.append(beginning.slice(1, 0..<min(positions, rows.length)))
      }
      let all = state.resting.merged(with: state.parameters)
      let model = SparseTransformer(
        configuration, networks: stage.networks.map(\.decoded), type: options.type)
      let found = try DensitySettling(model, all, batches: batches).settled(at: target)
      heldOutDensity = found.density
      for (name, value) in found.biases {
        let own = reader.ranks > 1 ? TensorGroup.first(value) : value
        // Here, since all processes must take part.
        try Tensor.evaluate([own])
        if state.parameters[name] != nil {
          state.parameters[name] = own
        } else {
          state.resting[name] = own
        }
      }
    }

    /// Held-out rows that a measure reads, at even distances, so that every text has its share.
    func parts(of rows: TokenRows) -> [[Int]] {
      let batches = max(1, min(options.heldOutBatches, rows.count / reader.batch))
      let count = min(rows.count, batches * reader.batch)
      let spread = (0..<count).map { rows.count * $0 / count }
      return stride(from: 0, to: count, by: reader.batch).map {
        Array(spread[$0..<min($0 + reader.batch, count)])
      }
    }
  }
#endif
