#if Training
  internal import SparrowTransformer

  // Attention: project, norm, rotate, append, attend.

  extension TensorLowering {
    func project(
      _ step: inout Step, _ attention: AttentionDescription, _ x: Tensor, _ weights: LayerWeights
    ) {
      step.notes[weights.layer!].attentionInput = x
      step.buffers[.query] = weights.product(x, .query)
      step.buffers[.key] = weights.product(x, .key)
      step.buffers[.value] = weights.product(x, attention.valuesAreKeys ? .key : .value)
      if attention.isGated { step.buffers[.headGates] = weights.product(x, .queryGate) }
    }

    func normHeads(
      _ step: inout Step, _ attention: AttentionDescription, _ weights: LayerWeights
    ) {
      if let norm = attention.headNorm, attention.headNormSpan != .allHeads {
        step.buffers[.query] = weights.norm(step.heads(.query, attention), norm, .queryNorm)
        step.buffers[.key] = weights.norm(step.heads(.key, attention), norm, .keyNorm)
      }
      if let norm = attention.valueNorm {
        step.buffers[.value] = weights.norm(step.heads(.value, attention), norm, nil)
      }
    }

    /// Turns pairs of each query and key head by the position times the pair's frequency. Rows that
    /// are longer than a limit of the model turn by other frequencies, whole.
    func rotate(_ step: inout Step, _ attention: AttentionDescription) {
      guard let rotary = attention.rotary else { return }
      let isLong = rotary.long.map { kept == nil && step.tokens.shape[1] > $0.beyond } ?? false
      let periods = model.periods(of: rotary, isLong: isLong)
      for buffer in [Operation.Buffer.query, .key] {
        let heads = step.heads(buffer, attention).transposed([0, 2, 1, 3])
        let turned = scaled(heads, rotary).rotated(
          rotary.dimension, interleaved: rotary.interleaved, periods: periods,
          offset: kept?.position)
        step.buffers[buffer] = turned.transposed([0, 2, 1, 3])
      }
    }

    /// YaRN's factor on the part that turns.
    private func scaled(_ heads: Tensor, _ rotary: RotaryDescription) -> Tensor {
      guard rotary.magnitude != 1 else { return heads }
      let width = heads.shape[3]
      let turning = heads.slice(-1, 0..<rotary.dimension) * rotary.magnitude
      return rotary.dimension == width
        ? turning : .concatenated([turning, heads.slice(-1, rotary.dimension..<width)], axis: -1)
    }

    func append(_ step: Step, _ attention: AttentionDescription, _ layer: Int) {
      kept?.store(
        step.heads(.key, attention).transposed([0, 2, 1, 3]),
        step.heads(.value, attention).transposed([0, 2, 1, 3]), layer: layer)
    }

    func attend(_ step: inout Step, _ attention: AttentionDescription, _ layer: Int) {
      let query = step.heads(.query, attention).transposed([0, 2, 1, 3])
      let results =
        kept.map { attention.attend(query, over: $0.parts(layer), at: $0.position) }
        ?? attention.attend(
          query, step.heads(.key, attention).transposed([0, 2, 1, 3]),
          step.heads(.value, attention).transposed([0, 2, 1, 3]))
      let size = step.tokens.shape
      step.buffers[.attended] = results.transposed([0, 2, 1, 3]).reshaped([size[0], size[1], -1])
      step.notes[layer].heads = step[.attended]
    }

    func gateHeads(_ step: inout Step, _ layer: Int) {
      step.buffers[.attended] = step[.attended] * step[.headGates].sigmoid
      step.notes[layer].heads = step[.attended]
    }
  }

  extension TensorLowering.Step {
    /// A buffer's heads, `[batch, tokens, heads, dimension]`.
    fileprivate func heads(_ buffer: Operation.Buffer, _ attention: AttentionDescription) -> Tensor
    {
      let count = buffer == .query ? attention.heads : attention.keyValueHeads
      let size = tokens.shape
      return self[buffer].reshaped([size[0], size[1], count, attention.headDimension])
    }
  }
#endif
