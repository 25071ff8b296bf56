#if Training
  import SparrowTransformer

  /// Causal self-attention over whole windows, or of one token over those that are kept.
  struct SelfAttention {
    let model: SparseTransformer
    let description: AttentionDescription

    /// `x` is `[batch, tokens, hidden]`, with one token where `kept` holds those before; gives the heads' results
    /// too, `[batch, tokens, heads · dimension]`.
    func run(
      _ x: Tensor, _ weights: LayerWeights, kept: KeyValueBlocks? = nil
    ) -> (output: Tensor, heads: Tensor) {
      let size = x.shape
      let width = description.headDimension
      func heads(_ product: Tensor, _ count: Int, _ normKind: WeightRole.Kind?) -> Tensor {
        let shape = [size[0], size[1], count, width]
        guard let norm = description.headNorm, let normKind else { return product.reshaped(shape) }
        return description.headNormSpan == .allHeads
          ? weights.norm(product, norm, normKind).reshaped(shape)
          : weights.norm(product.reshaped(shape), norm, normKind)
      }
      var q = heads(weights.product(x, .query), description.heads, .queryNorm)
      var k = heads(weights.product(x, .key), description.keyValueHeads, .keyNorm)
      let v = heads(weights.product(x, .value), description.keyValueHeads, nil)
        .transposed([0, 2, 1, 3])
      q = rotated(q.transposed([0, 2, 1, 3]), kept?.position)
      k = rotated(k.transposed([0, 2, 1, 3]), kept?.position)
      let attended: Tensor
      if let kept {
        kept.store(k, v, layer: weights.layer!)
        attended = attend(q, kept, layer: weights.layer!)
      } else {
        attended = attend(q, k, v, tokens: size[1])
      }
      let results = attended.transposed([0, 2, 1, 3]).reshaped([size[0], size[1], -1])
      return (weights.product(results, .output), results)
    }

    private func rotated(_ x: Tensor, _ position: Tensor?) -> Tensor {
      guard let rotary = description.rotary,
        let index = model.configuration.rotaries.firstIndex(of: rotary)
      else { return x }
      let turned = rotary.magnitude == 1 ? x : scaled(x, rotary)
      return turned.rotated(
        rotary.dimension, interleaved: rotary.interleaved, periods: model.periods[index],
        offset: position)
    }

    /// YaRN's factor on the part that turns.
    private func scaled(_ x: Tensor, _ rotary: RotaryDescription) -> Tensor {
      let width = description.headDimension
      let turning = x.slice(-1, 0..<rotary.dimension) * rotary.magnitude
      return rotary.dimension == width
        ? turning : .concatenated([turning, x.slice(-1, rotary.dimension..<width)], axis: -1)
    }

    private func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, tokens: Int) -> Tensor {
      let positions = Tensor.range(0..<tokens)
      func mask() -> Tensor { self.mask(positions, positions, q.type) }
      let isWindowed = description.window > 0 && description.window < tokens
      if description.softcap == 0 {
        return .attention(q, k, v, scale: description.scale, mask: isWindowed ? mask() : nil)
      }
      let groups = description.heads / description.keyValueHeads
      let keys = k.repeated(groups, axis: 1)
      let values = v.repeated(groups, axis: 1)
      let scores = capped(q.matmul(keys.transposed([0, 1, 3, 2])))
      return (scores + mask()).softmax(-1).matmul(values)
    }

    /// One token's heads, `[rows, heads, 1, dimension]`, over prefix and block.
    ///
    /// The query heads of a key/value head are the rows of one product, so that its keys are read once.
    private func attend(_ q: Tensor, _ kept: KeyValueBlocks, layer: Int) -> Tensor {
      let shape = q.shape
      let count = description.keyValueHeads
      let queries = q.reshaped([shape[0], count, description.heads / count, shape[3]])
      let parts = kept.parts(layer)
      let products = parts.map { queries.matmul($0.keys.transposed([0, 1, 3, 2])) }
      let scores = capped(products.count == 1 ? products[0] : .concatenated(products, axis: -1))
      let hiding = mask(kept.position.reshaped([1]), .range(0..<scores.shape[3]), q.type)
      let weights = (scores + hiding).softmax(-1)
      var start = 0
      var result: Tensor?
      for part in parts {
        let end = start + part.keys.shape[2]
        let sum = weights.slice(-1, start..<end).matmul(part.values)
        result = result.map { $0 + sum } ?? sum
        start = end
      }
      return result!.reshaped(shape)
    }

    /// Products of queries and keys, scaled and capped.
    private func capped(_ products: Tensor) -> Tensor {
      let scores = products * description.scale
      guard description.softcap > 0 else { return scores }
      return (scores / description.softcap).tanh * description.softcap
    }

    /// 0 where a query sees a position, else a large negative number, `[queries, keys]`, from their positions.
    private func mask(_ queries: Tensor, _ keys: Tensor, _ type: TensorType) -> Tensor {
      let distance = queries.expanded(1) - keys.expanded(0)
      var isHidden = distance .< Tensor(integers: [0])
      if description.window > 0 {
        isHidden = isHidden .| (distance .> Tensor(integers: [Int32(description.window - 1)]))
      }
      return (isHidden.cast(.float32) * -1e9).cast(type)
    }
  }
#endif
