extension StepProgram {
  /// What the sparse operations of a program read, which only their plan knows.
  public struct SparseBytes: Sendable {
    /// The head's sketch, and its candidates' rows.
    public var sketch = 0
    public var exact = 0
    /// The sparse feed-forward networks by layer.
    public var layers: [Int: Layer] = [:]

    public struct Layer: Sendable {
      public var predictor: String
      public var predictorBytes: Int
      public var groupSize: Int

      public init(predictor: String, predictorBytes: Int, groupSize: Int) {
        self.predictor = predictor
        self.predictorBytes = predictorBytes
        self.groupSize = groupSize
      }
    }

    public init() {}
  }

  /// The program as a table, one operation a line, with the bytes of weights that each reads for one token.
  ///
  /// Layers equal to the one before, bytes included, are named and not repeated. `sparse` says what
  /// its sparse operations read.
  public func text(_ binding: WeightBinding, sparse: SparseBytes = SparseBytes()) -> String {
    var text = ""
    var blocks: [(layer: Int?, lines: [String])] = []
    for operation in operations {
      if blocks.isEmpty || blocks[blocks.count - 1].layer != operation.layer {
        blocks.append((operation.layer, []))
      }
      blocks[blocks.count - 1].lines.append(operation.line(binding, sparse))
    }
    var index = 0
    while index < blocks.count {
      let block = blocks[index]
      var last = index
      if block.layer != nil {
        while last + 1 < blocks.count, blocks[last + 1].lines == block.lines { last += 1 }
      }
      let name: String
      switch (block.layer, blocks[last].layer) {
      case (let first?, let final?) where first != final: name = "layers \(first) to \(final)"
      case (let first?, _): name = "layer \(first)"
      default: name = ""
      }
      for (row, line) in block.lines.enumerated() {
        text += (row == 0 ? name : "").padded(16) + line + "\n"
      }
      index = last + 1
    }
    return text
  }
}

extension Operation {
  /// Name, buffers, bytes.
  fileprivate func line(
    _ binding: WeightBinding, _ sparse: StepProgram.SparseBytes
  ) -> String {
    let parts = parts(binding, sparse)
    let line = parts.name.padded(12) + parts.flow
    let hundredths = (parts.bytes + 5000) / 10_000
    guard hundredths > 0 else { return line }
    let fraction = hundredths % 100
    return line.padded(36) + "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) MB"
  }

  private func parts(
    _ binding: WeightBinding, _ sparse: StepProgram.SparseBytes
  ) -> (name: String, flow: String, bytes: Int) {
    func bytes(_ kinds: WeightRole.Kind...) -> Int {
      kinds.reduce(0) { $0 + (binding[WeightRole($1, layer: layer)]?.byteCount ?? 0) }
    }
    func row(_ kind: WeightRole.Kind) -> Int {
      guard let table = binding[WeightRole(kind)] else { return 0 }
      return table.byteCount / max(1, table.rows.count)
    }
    func landing(_ output: Buffer, _ landing: Landing) -> String {
      output.rawValue + (landing == .add ? " +=" : "")
    }
    switch kind {
    case .embed(let output, let positions):
      let places = positions ? row(.positionEmbedding) : 0
      return (
        "embed", "token\(positions ? ", position" : "") -> \(output.rawValue)",
        row(.tokenEmbedding) + places
      )
    case .addPositions(let output):
      return ("positions", "position -> \(output.rawValue) +=", row(.positionEmbedding))
    case .norm(_, let weight, let input, let output):
      return ("norm", "\(input.rawValue) -> \(output.rawValue)", bytes(weight))
    case .multiply(let weight, let input, let output, let way):
      let name = weight == .output ? "project" : weight.rawValue
      return (name, "\(input.rawValue) -> \(landing(output, way))", bytes(weight))
    case .project(_, let input):
      return ("qkv", "\(input.rawValue) -> q, k, v", bytes(.query, .key, .value))
    case .normHeads: return ("normHeads", "q, k", bytes(.queryNorm, .keyNorm))
    case .rotate: return ("rotate", "q, k", 0)
    case .append: return ("append", "k, v -> cache", 0)
    case .attend(let attention):
      return (
        "attend", "q, cache\(attention.window > 0 ? "[-\(attention.window)...]" : "") -> a", 0
      )
    case .feedForward(_, let input, let output, let way):
      return (
        "ffn", "\(input.rawValue) -> \(landing(output, way))", bytes(.gate, .up, .down)
      )
    case .predict(let network, let input):
      let predictor = sparse.layers[layer ?? -1]
      return (
        "predict", "\(input.rawValue) -> s [\(network.width / (predictor?.groupSize ?? 1))]",
        predictor?.predictorBytes ?? 0
      )
    case .select:
      return ("select", "s -> S    \(sparse.layers[layer ?? -1]?.predictor ?? "")", 0)
    case .sparseFeedForward(_, let input, let output, let way):
      return (
        "ffn", "\(input.rawValue), S -> \(landing(output, way))  of",
        bytes(.gate, .up, .down)
      )
    case .add(let input, let output):
      return ("add", "\(input.rawValue) -> \(output.rawValue) +=", 0)
    case .head(let input):
      return ("head", "\(input.rawValue) -> logits", binding.matrix(binding.headRole).byteCount)
    case .sketch(let input): return ("sketch", "\(input.rawValue) -> s", sparse.sketch)
    case .candidates: return ("candidates", "s -> C", 0)
    case .exact(let input): return ("exact", "\(input.rawValue), C -> logits[C]", sparse.exact)
    }
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
