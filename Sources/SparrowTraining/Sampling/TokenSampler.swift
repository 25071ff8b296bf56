#if Training
  package import SparrowCore
  internal import SparrowTransformer

  /// Draws rows of tokens from a model, all rows at once and everything on the device.
  ///
  /// A step is one compiled function of the last tokens and the key/value blocks, traced anew when
  /// the prefix has grown. Tokens are read once a block, so that the device need not wait for the
  /// host.
  package struct TokenSampler {
    package let model: SparseTransformer
    /// What rows begin with, and what stands for the end of a document.
    package let boundary: Int32
    /// Positions of a block.
    private let block: Int
    private let step: TensorFunction

    /// Parameters are taken in the model's type. Tokens are drawn from softmax(logits /
    /// temperature); a row that draws one of `ends` goes on as a new document. Throws what
    /// evaluating the parameters throws.
    package init(
      _ model: SparseTransformer, _ parameters: Parameters, boundary: Int32, ends: Set<Int32>,
      temperature: Float = 1, block: Int = 64
    ) throws(SparrowError) {
      let parameters = parameters.mapped { $1.cast(model.type) }
      // What is not evaluated would be computed again in each step.
      try Tensor.evaluate(parameters.tensors)
      self.model = model
      self.boundary = boundary
      self.block = block
      let start = Tensor(integers: [boundary])
      let others = ends.subtracting([boundary]).sorted().map { Tensor(integers: [$0]) }
      step = .compiled { arguments in
        let kept = KeyValueBlocks(
          list: arguments[3...], layers: model.configuration.layers.count)
        let logits = model.run(arguments[0], parameters, kept: kept).logits.cast(.float32)
        var tokens = (logits / temperature).drawn(
          key: arguments[1].taking(kept.position, axis: 0)
        ).cast(.int32)
        for end in others { tokens = .where_(tokens .== end, start, tokens) }
        let given = arguments[2].taking(kept.position.reshaped([1]), axis: 1)
        tokens = .where_(given .> Tensor(integers: [-1]), given, tokens)
        return [tokens] + kept.advanced().list.prefix(kept.changing)
      }
    }

    /// Rows of `length` tokens, the first of them `boundary`; the same for the same seed.
    ///
    /// `drew` is told how many tokens were drawn since it was told last, and may throw to stop.
    /// Memory: twice the keys and values of all positions, while a full block moves.
    package func rows(
      _ count: Int, length: Int, seed: UInt64, openings: [[Int32]] = [],
      drew: (Int) throws(SparrowError) -> Void = { _ throws(SparrowError) in }
    ) throws(SparrowError) -> [[Int32]] {
      let keys = Tensor.randomKey(seed).splitKey(length)
      // What is drawn has -1; a position stands for the token behind it.
      var given = [Int32](repeating: -1, count: count * length)
      for row in 0..<count where !openings.isEmpty {
        let opening = openings[row % openings.count]
        precondition(opening.count < length - 1)
        given.replaceSubrange(row * length..<row * length + opening.count, with: opening)
      }
      let givens = Tensor(integers: given, shape: [count, length])
      var rows = [[Int32]](repeating: [boundary], count: count)
      var last = Tensor(integers: Array(repeating: boundary, count: count), shape: [count, 1])
      var kept = KeyValueBlocks(model.configuration, rows: count, length: block, type: model.type)
      for start in stride(from: 0, to: length - 1, by: block) {
        var columns: [Tensor] = []
        for _ in start..<min(start + block, length - 1) {
          let list = kept.list
          let results = step([last, keys, givens] + list)
          try Tensor.start(results)
          last = results[0]
          columns.append(last)
          kept = KeyValueBlocks(
            list: results[1...] + list[kept.changing...],
            layers: model.configuration.layers.count)
        }
        let drawn = try Tensor.concatenated(columns, axis: 1).integers()
        for row in rows.indices {
          rows[row] += drawn[row * columns.count..<(row + 1) * columns.count]
        }
        try drew(drawn.count)
        kept = kept.extended()
      }
      return rows
    }
  }
#endif
