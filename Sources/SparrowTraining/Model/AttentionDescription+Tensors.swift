#if Training
  internal import SparrowTransformer

  // softmax(q k^T) v, causal, within a window, with a cap.

  extension AttentionDescription {
    /// Whole rows, each query over the positions that it sees: `[batch, heads, tokens, dimension]`,
    /// keys and values with as many heads or a divisor.
    func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
      let tokens = q.shape[2]
      let positions = Tensor.range(0..<tokens)
      func mask() -> Tensor { self.mask(positions, positions, q.type) }
      let isWindowed = window > 0 && window < tokens
      if softcap == 0 {
        return .attention(q, k, v, scale: scale, mask: isWindowed ? mask() : nil)
      }
      let groups = heads / keyValueHeads
      let keys = k.repeated(groups, axis: 1)
      let values = v.repeated(groups, axis: 1)
      let scores = capped(q.matmul(keys.transposed([0, 1, 3, 2])))
      return (scores + mask()).softmax(-1).matmul(values)
    }

    /// One token's heads, `[rows, heads, 1, dimension]`, over prefix and block.
    ///
    /// The query heads of a key/value head are the rows of one product, so that its keys are read
    /// once.
    func attend(
      _ q: Tensor, over parts: [KeyValueBlocks.Part], at position: Tensor
    ) -> Tensor {
      let shape = q.shape
      let queries = q.reshaped([shape[0], keyValueHeads, heads / keyValueHeads, shape[3]])
      let products = parts.map { queries.matmul($0.keys.transposed([0, 1, 3, 2])) }
      let scores = capped(products.count == 1 ? products[0] : .concatenated(products, axis: -1))
      let hiding = mask(position.reshaped([1]), .range(0..<scores.shape[3]), q.type)
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
      let scores = products * scale
      guard softcap > 0 else { return scores }
      return (scores / softcap).tanh * softcap
    }

    /// 0 where a query sees a position, else a large negative number, `[queries, keys]`, from their
    /// positions.
    private func mask(_ queries: Tensor, _ keys: Tensor, _ type: TensorType) -> Tensor {
      let distance = queries.expanded(1) - keys.expanded(0)
      var isHidden = distance .< Tensor(integers: [0])
      if window > 0 {
        isHidden = isHidden .| (distance .> Tensor(integers: [Int32(window - 1)]))
      }
      return (isHidden.cast(.float32) * -1e9).cast(type)
    }
  }
#endif
