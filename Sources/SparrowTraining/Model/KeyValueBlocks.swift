#if Training
  package import SparrowTransformer

  /// Keys and values of the tokens so far, by layer, for a model that runs token by token.
  ///
  /// MLX updates an array in place only once the device is done with it, which would make every
  /// step wait for the one before. So a step writes into a short block, whose copy is cheap, and
  /// reads a prefix of full blocks that is never written. All rows stand at the same position.
  package final class KeyValueBlocks {
    /// `[rows, key/value heads, positions, dimension]`; keys are rotated.
    package typealias Part = (keys: Tensor, values: Tensor)

    /// The next token's place in the block, and its position, scalars of int32. Both are handed on:
    /// a constant between them would be compiled into the kernels, anew for each prefix.
    let place: Tensor
    let position: Tensor
    private let prefix: [Part]
    private var block: [Part]

    private init(place: Tensor, position: Tensor, block: [Part], prefix: [Part]) {
      self.place = place
      self.position = position
      self.block = block
      self.prefix = prefix
    }

    /// Before the first token, with blocks of `length` positions.
    package convenience init(
      _ configuration: ModelConfiguration, rows: Int, length: Int, type: TensorType
    ) {
      let block = configuration.layers.map { layer -> Part in
        let attention = layer.attention
        let empty = Tensor.zeros(
          [rows, attention.keyValueHeads, length, attention.headDimension], type: type)
        return (empty, empty)
      }
      self.init(place: Self.number(0), position: Self.number(0), block: block, prefix: [])
    }

    /// The inverse of `list`, of a model with so many layers.
    convenience init(list: ArraySlice<Tensor>, layers: Int) {
      func parts(_ list: ArraySlice<Tensor>) -> [Part] {
        stride(from: list.startIndex, to: list.endIndex, by: 2).map { (list[$0], list[$0 + 1]) }
      }
      let rest = list.dropFirst(2)
      self.init(
        place: list[list.startIndex], position: list[list.startIndex + 1],
        block: parts(rest.prefix(2 * layers)),
        prefix: parts(rest.dropFirst(2 * layers)))
    }

    private static func number(_ value: Int32) -> Tensor { Tensor(integers: [value], shape: []) }

    /// As a list, for functions of lists: what a step changes, `changing` of them, then the prefix.
    var list: [Tensor] { [place, position] + (block + prefix).flatMap { [$0.keys, $0.values] } }

    /// How many tensors of `list` a step changes.
    var changing: Int { 2 + 2 * block.count }

    /// Puts a token's keys and values, `[rows, key/value heads, 1, dimension]`, into its place.
    func store(_ keys: Tensor, _ values: Tensor, layer: Int) {
      block[layer].keys = block[layer].keys.replacing(2, from: place, by: keys)
      block[layer].values = block[layer].values.replacing(2, from: place, by: values)
    }

    /// What a token attends to. Places behind its own hold anything and must be masked.
    func parts(_ layer: Int) -> [Part] { (prefix.isEmpty ? [] : [prefix[layer]]) + [block[layer]] }

    /// What the next token finds.
    package func advanced() -> KeyValueBlocks {
      KeyValueBlocks(
        place: place + Self.number(1), position: position + Self.number(1), block: block,
        prefix: prefix)
    }

    /// The same, once the block is full: the prefix takes it up.
    package func extended() -> KeyValueBlocks {
      let joined = block.indices.map { layer -> Part in
        guard !prefix.isEmpty else { return block[layer] }
        return (
          .concatenated([prefix[layer].keys, block[layer].keys], axis: 2),
          .concatenated([prefix[layer].values, block[layer].values], axis: 2)
        )
      }
      return KeyValueBlocks(
        place: Self.number(0), position: position, block: block, prefix: joined)
    }
  }
#endif
