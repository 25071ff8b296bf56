#if Training
  /// One stage's computations as compiled functions of lists: gradients of a batch, and the
  /// optimiser's step.
  ///
  /// They are two, so that gradients can be summed over batches and processes between them.
  final class StepFunctions {
    let names: [String]
    private let gradient: TensorFunction
    private let update: TensorFunction
    private let loss: TensorFunction

    /// `rateFactor` is what a parameter's rate is multiplied by. `frozen` and the teacher's
    /// parameters are constants; `names` are the parameters that learn.
    init(
      model: SparseTransformer, objective: Objective, names: [String], frozen: Parameters,
      teacher: (model: SparseTransformer, parameters: Parameters)?, optimizer: AdamW,
      rateFactor: @escaping (String) -> Float = { _ in 1 }
    ) {
      self.names = names
      let count = names.count

      /// Arguments: learning parameters, the batch's list, pressure.
      func parts(_ arguments: [Tensor]) -> [Tensor] {
        let parameters = frozen.merged(
          with: Parameters(names: names, tensors: arguments.prefix(count)))
        let batch = Objective.Batch(list: arguments[count..<arguments.count - 1])
        let wanted = teacher.map { teacher in
          teacher.model.run(batch.tokens, teacher.parameters).logits
        }
        return objective.parts(
          model, parameters, batch, pressure: arguments[arguments.count - 1], teacher: wanted
        ).list
      }

      loss = .compiled(parts)
      gradient = .compiled { arguments in
        guard
          let both = try? TensorFunction.valueAndGradient(arguments, count: count, parts)
        else { return [] }
        return both.values + both.gradients
      }
      update = .compiled { arguments in
        func list(_ part: Int) -> Parameters {
          Parameters(names: names, tensors: arguments[part * count..<(part + 1) * count])
        }
        let gradients = list(3)
        // Sketches learn beside the model, whose gradients theirs shall not shorten.
        let norm = AdamW.norm(gradients.filtered { !ParameterName.isSketch($0) })
        let next = optimizer.update(
          list(0), gradients, first: list(1), second: list(2), norm: norm,
          rate: arguments[4 * count], factor: rateFactor, step: arguments[4 * count + 1])
        return next.parameters.tensors + next.first.tensors + next.second.tensors + [norm]
      }
    }

    /// Losses' parts and gradients of one batch.
    func gradients(
      _ parameters: Parameters, _ batch: Objective.Batch, pressure: Float
    ) -> (parts: [Tensor], gradients: [Tensor]) {
      let results = gradient(parameters.tensors + batch.list + [Tensor(pressure)])
      let parts = results.count - names.count
      return (Array(results.prefix(max(0, parts))), Array(results.dropFirst(max(0, parts))))
    }

    /// Losses' parts alone.
    func losses(_ parameters: Parameters, _ batch: Objective.Batch, pressure: Float) -> [Tensor] {
      loss(parameters.tensors + batch.list + [Tensor(pressure)])
    }

    /// The optimiser's step; gives the norm of the gradients too.
    func step(
      _ state: inout TrainingState, gradients: [Tensor], rate: Double
    ) -> Tensor? {
      let count = names.count
      let results = update(
        state.parameters.tensors + state.first.tensors + state.second.tensors + gradients
          + [Tensor(Float(rate)), Tensor(Float(state.stageStep + 1))])
      guard results.count == 3 * count + 1 else { return nil }
      func list(_ part: Int) -> Parameters {
        Parameters(names: names, tensors: results[part * count..<(part + 1) * count])
      }
      state.parameters = list(0)
      state.first = list(1)
      state.second = list(2)
      return results[3 * count]
    }
  }
#endif
