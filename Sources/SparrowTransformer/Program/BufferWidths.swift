extension ModelConfiguration {
  /// Elements of a row of a step's buffer where a layer uses it, or without a layer where the
  /// widest does; nil for a buffer that the model has no use for.
  public func width(of buffer: Operation.Buffer, layer: Int? = nil) -> Int? {
    let own = layer.map { [layers[$0]] } ?? layers
    switch buffer {
    case .hidden, .input, .result, .final: return hidden
    case .embedding: return embeddingWidth == hidden ? nil : embeddingWidth
    case .query, .attended:
      return own.map { $0.attention.heads * $0.attention.headDimension }.max()
    case .headGates:
      let gated = own.filter(\.attention.isGated)
      return gated.map { $0.attention.heads * $0.attention.headDimension }.max()
    case .key, .value:
      return own.map { $0.attention.keyValueHeads * $0.attention.headDimension }.max()
    case .neurons: return own.map(\.feedForward.width).max()
    case .gates: return own.filter(\.feedForward.gated).map(\.feedForward.width).max()
    }
  }

  /// Elements of a position of a sequence's cache, `[layer][key or value][head][headDimension]`,
  /// that lie before a layer's.
  public func cacheElements(before layer: Int) -> Int {
    layers[..<layer].reduce(0) {
      $0 + 2 * $1.attention.keyValueHeads * $1.attention.headDimension
    }
  }
}
