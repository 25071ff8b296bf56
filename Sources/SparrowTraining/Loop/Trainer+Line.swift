#if Training
  internal import SparrowCore

  /// What a step gave, not yet read.
  struct StepResult {
    /// `Objective.Parts.list`, and the gradients' norm.
    let parts: [Tensor]
    let norm: Tensor
    let rate: Double
    let pressure: Double
  }

  extension Trainer {
    /// Reads a step's values; throws `.argument` when they are no numbers any more.
    func values(of result: StepResult) throws(SparrowError) -> (parts: [Double], norm: Double) {
      var parts: [Double] = []
      for part in result.parts { parts.append(Double(try part.value())) }
      let norm = Double(try result.norm.value())
      guard parts[0].isFinite, norm.isFinite else {
        let safe = folder.latest.map { "; step \($0.step) is saved" } ?? ""
        throw SparrowError(
          .argument, field: "loss",
          found: "\(parts[0]), gradients of length \(norm), at step \(state.step)",
          expected: "numbers: try a lower learning rate" + safe)
      }
      return (parts, norm)
    }

    /// A step's line of metrics, without its speed.
    func line(_ result: StepResult) throws(SparrowError) -> TrainingStep {
      let (values, norm) = try values(of: result)
      let density = values[Objective.Parts.densityIndex]
      var line = TrainingStep(
        step: state.step, loss: values[0], density: density > 0 ? density : nil,
        eta: result.pressure != 0 ? result.pressure : nil, learningRate: result.rate,
        gradientNorm: norm, tokensPerSecond: .nan)
      let parts = [
        ("task", values[1]), ("divergence", values[2]), ("recall", values[7]),
        ("local", values[8]), ("sketch", values[9]),
      ]
      line.parts = parts.filter { $0.1 != 0 }.map {
        TrainingStep.Part(name: $0.0, value: $0.1)
      }
      if stages[state.stage].networks.contains(where: \.hasRouter) {
        line.parts.append(TrainingStep.Part(name: "efficiency", value: values[3]))
      }
      return line
    }

    /// Adds the cross-entropy and the density of held-out rows, by the stage's own networks, where
    /// they are due.
    func measureHeldOut(
      _ line: inout TrainingStep, _ functions: StepFunctions
    ) throws(SparrowError) {
      let isDue =
        state.step % options.evaluateEvery == 0
        || state.stageStep == stages[state.stage].steps
      guard isDue, let rows = heldOut else { return }
      var sums = (loss: 0.0, density: 0.0)
      let batches = parts(of: rows)
      for part in batches {
        let batch = try rows.batch(part)
        let parts = functions.losses(state.parameters, Objective.Batch(batch), pressure: 0)
        guard parts.count > Objective.Parts.densityIndex else { break }
        sums.loss += Double(try parts[1].value())
        sums.density += Double(try parts[Objective.Parts.densityIndex].value())
      }
      line.heldOutLoss = sums.loss / Double(batches.count)
      if sums.density > 0 {
        line.parts.append(
          TrainingStep.Part(
            name: "held_out_density", value: sums.density / Double(batches.count)))
      }
    }
  }
#endif
