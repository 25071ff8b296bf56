#if Training
  import SparrowTransformer

  /// Causal self-attention over whole windows.
  struct SelfAttention {
    let model: SparseTransformer
    let description: AttentionDescription

    /// `x` is `[batch, tokens, hidden]`; gives the heads' results too, `[batch, tokens, heads · dimension]`.
    func run(_ x: Tensor, _ weights: LayerWeights) -> (output: Tensor, heads: Tensor) {
      let size = x.shape
      let width = description.headDimension
      func heads(_ kind: WeightRole.Kind, _ count: Int) -> Tensor {
        weights.product(x, kind).reshaped([size[0], size[1], count, width])
      }
      var q = heads(.query, description.heads)
      var k = heads(.key, description.keyValueHeads)
      let v = heads(.value, description.keyValueHeads).transposed([0, 2, 1, 3])
      if let norm = description.headNorm {
        q = weights.norm(q, norm, .queryNorm)
        k = weights.norm(k, norm, .keyNorm)
      }
      q = rotated(q.transposed([0, 2, 1, 3]))
      k = rotated(k.transposed([0, 2, 1, 3]))
      let attended = attend(q, k, v, tokens: size[1])
      let results = attended.transposed([0, 2, 1, 3]).reshaped([size[0], size[1], -1])
      return (weights.product(results, .output), results)
    }

    private func rotated(_ x: Tensor) -> Tensor {
      guard let rotary = description.rotary,
        let index = model.configuration.rotaries.firstIndex(of: rotary)
      else { return x }
      let turned = rotary.magnitude == 1 ? x : scaled(x, rotary)
      return turned.rotated(
        rotary.dimension, interleaved: rotary.interleaved, periods: model.periods[index])
    }

    /// YaRN's factor on the part that turns.
    private func scaled(_ x: Tensor, _ rotary: RotaryDescription) -> Tensor {
      let width = description.headDimension
      let turning = x.slice(-1, 0..<rotary.dimension) * rotary.magnitude
      return rotary.dimension == width
        ? turning : .concatenated([turning, x.slice(-1, rotary.dimension..<width)], axis: -1)
    }

    private func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, tokens: Int) -> Tensor {
      let isWindowed = description.window > 0 && description.window < tokens
      if description.softcap == 0 {
        return .attention(
          q, k, v, scale: description.scale, mask: isWindowed ? mask(tokens, q.type) : nil)
      }
      let groups = description.heads / description.keyValueHeads
      let keys = k.repeated(groups, axis: 1)
      let values = v.repeated(groups, axis: 1)
      let scores = q.matmul(keys.transposed([0, 1, 3, 2])) * description.scale
      let capped = (scores / description.softcap).tanh * description.softcap
      return (capped + mask(tokens, q.type)).softmax(-1).matmul(values)
    }

    /// 0 where a query sees a position, else a large negative number, `[tokens, tokens]`.
    private func mask(_ tokens: Int, _ type: TensorType) -> Tensor {
      let positions = Tensor.range(0..<tokens)
      let distance = positions.expanded(1) - positions.expanded(0)
      let window = description.window > 0 ? description.window : tokens
      let isHidden =
        (distance .< Tensor(integers: [0])) .| (distance .> Tensor(integers: [Int32(window - 1)]))
      return (isHidden.cast(.float32) * -1e9).cast(type)
    }
  }
#endif
