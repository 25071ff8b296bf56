#if Training
  internal import SparrowTransformer

  /// The step program lowered to tensors, which have gradients.
  ///
  /// Rows of tokens go through a dense program, operation by operation, as `Reference` takes one
  /// token: whole from their start, or a token of each over kept keys and values. The functions
  /// below and in `TensorLowering+Attention` stand in the order in which tokens meet them.
  struct TensorLowering {
    let model: SparseTransformer
    let parameters: Parameters
    /// Keys and values of the tokens before, where rows have one token each.
    var kept: KeyValueBlocks?

    /// The way of some tokens: named buffers, what comes out, and what the layers note.
    struct Step {
      /// `[batch, tokens]`
      let tokens: Tensor
      /// Each `[batch, tokens, width]`, or by heads, `[batch, tokens, heads, dimension]`.
      var buffers: [Operation.Buffer: Tensor] = [:]
      /// What the vocabulary head reads, and what it gives, `[batch, tokens, vocabulary]`.
      var states = Tensor(0)
      var logits = Tensor(0)
      /// By layer.
      var notes: [LayerNotes]
    }

    /// Runs a program, layer by layer.
    func run(_ program: StepProgram, _ tokens: Tensor) -> Step {
      var step = Step(
        tokens: tokens, notes: model.networks.map { _ in LayerNotes() })
      var rest = program.operations[...]
      while let first = rest.first {
        let block = rest.prefix { $0.layer == first.layer }
        rest = rest.dropFirst(block.count)
        if let layer = first.layer, model.isCheckpointed, kept == nil {
          runCheckpointed(block, layer, &step)
        } else {
          for operation in block { run(operation, &step) }
        }
      }
      return step
    }

    /// A layer that forgets what lies between its input and its result, and makes it again for the
    /// backward pass. Only the residual stream goes from layer to layer.
    private func runCheckpointed(
      _ block: ArraySlice<Operation>, _ layer: Int, _ step: inout Step
    ) {
      let names = LayerWeights.names(of: layer, in: parameters)
      let before = step
      var notes = LayerNotes()
      let function = TensorFunction.checkpointed { arguments in
        let own = Parameters(names: names, tensors: arguments.dropFirst())
        let lowering = TensorLowering(model: model, parameters: own)
        var step = Step(
          tokens: before.tokens, buffers: [.hidden: arguments[0]], notes: before.notes)
        for operation in block { lowering.run(operation, &step) }
        notes = step.notes[layer]
        return [step[.hidden]] + notes.list
      }
      let results = function([step[.hidden]] + names.map { parameters[$0]! })
      guard let result = results.first else { return }
      step.buffers[.hidden] = result
      step.notes[layer] = notes.unpacked(Array(results.dropFirst()))
    }

    func run(_ operation: Operation, _ step: inout Step) {
      let layer = operation.layer ?? 0
      let weights = LayerWeights(model, parameters, layer: operation.layer)
      switch operation.kind {
      case .embed(let output, let positions):
        var rows = weights.matrix(.tokenEmbedding).taking(step.tokens, axis: 0)
        let scale = model.configuration.embeddingScale
        if scale != 1 { rows = rows * scale }
        step.buffers[output] = rows
        if positions { addPositions(&step, output, weights) }
      case .addPositions(let output): addPositions(&step, output, weights)
      case .norm(let norm, let weight, let input, let output):
        step.buffers[output] = weights.norm(step[input], norm, weight)
      case .multiply(let kind, let input, let output, let landing):
        step.land(weights.product(step[input], kind), in: output, landing)
      case .add(let input, let output): step.land(step[input], in: output, .add)
      case .scale(let kind, let output):
        step.buffers[output] = step[output] * weights.matrix(kind)

      case .project(let attention, let input): project(&step, attention, step[input], weights)
      case .normHeads(let attention): normHeads(&step, attention, weights)
      case .rotate(let attention): rotate(&step, attention)
      case .append(let attention): append(step, attention, layer)
      case .attend(let attention): attend(&step, attention, layer)
      case .gateHeads: gateHeads(&step, layer)

      case .feedForward(let description, let input, let output, let landing):
        let network = FeedForwardNetwork(
          description: description, mode: model.networks[layer], layer: layer,
          comparesToDense: model.comparesToDense)
        step.land(network.run(step[input], weights, &step.notes[layer]), in: output, landing)

      case .head(let input):
        step.states = step[input]
        step.logits = model.finished(
          weights.product(
            step.states, model.configuration.tiedHead ? .tokenEmbedding : .head))

      case .predictHeads, .selectHeads, .keepInput, .projectHeads, .appendHeads, .attendHeads,
        .sparseOutput, .predict, .select, .sparseFeedForward, .multiplyLarge, .activate, .sketch,
        .candidates, .exact, .addTokenType:
        preconditionFailure("training reads dense decoders: networks select by their modes")
      }
    }

    private func addPositions(
      _ step: inout Step, _ output: Operation.Buffer, _ weights: LayerWeights
    ) {
      let offset = model.configuration.learnedPositionOffset ?? 0
      let table = weights.matrix(.positionEmbedding)
      let rows =
        kept.map { table.taking($0.position + Tensor(integers: [Int32(offset)]), axis: 0) }
        ?? table.slice(0, offset..<offset + step.tokens.shape[1])
      step.land(rows, in: output, .add)
    }
  }

  extension TensorLowering.Step {
    subscript(buffer: Operation.Buffer) -> Tensor {
      guard let tensor = buffers[buffer] else { preconditionFailure("nothing in \(buffer)") }
      return tensor
    }

    mutating func land(
      _ result: Tensor, in output: Operation.Buffer, _ landing: Operation.Landing
    ) {
      buffers[output] = landing == .add ? self[output] + result : result
    }
  }
#endif
