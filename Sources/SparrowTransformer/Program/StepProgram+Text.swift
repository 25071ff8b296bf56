extension StepProgram {
  /// What the sparse operations of a program read, which only their plan knows.
  public struct SparseBytes: Sendable {
    /// The head's sketch, and its candidates' rows.
    public var sketch = 0
    public var exact = 0
    /// The sparse feed-forward networks by layer.
    public var layers: [Int: Layer] = [:]
    /// The sparse attention by layer.
    public var attention: [Int: Layer] = [:]
    /// The thresholds of matrices' inputs by layer.
    public var inputs: [Int: [LayerInput: Input]] = [:]

    public struct Input: Sendable {
      public var threshold: Float
      /// Part of the inputs that a token keeps; nil if unknown.
      public var density: Float?

      public init(threshold: Float, density: Float?) {
        self.threshold = threshold
        self.density = density
      }
    }

    public struct Layer: Sendable {
      public var predictor: String
      /// Of the predictor's own tensors.
      public var predictorBytes: Int
      /// The network's matrices that predicting reads whole, where it is not cheaper than they are.
      public var readWhole: [WeightRole.Kind]
      public var groupSize: Int
      /// What is selected, such as `s > 0.5`.
      public var selector: String
      /// What is kept of the exact activations; nil for all but zeros.
      public var kept: String?
      /// Part of the neurons that a token selects; nil if unknown.
      public var density: Float?
      /// What stands for neurons that are not selected; nil for nothing.
      public var rest: String?
      public var readsDownWhole: Bool

      public init(
        predictor: String, predictorBytes: Int, readWhole: [WeightRole.Kind], groupSize: Int,
        selector: String, kept: String?, density: Float?, rest: String? = nil,
        readsDownWhole: Bool = false
      ) {
        self.rest = rest
        self.readsDownWhole = readsDownWhole
        self.predictor = predictor
        self.predictorBytes = predictorBytes
        self.readWhole = readWhole
        self.groupSize = groupSize
        self.selector = selector
        self.kept = kept
        self.density = density
      }
    }

    public init() {}
  }

  /// The program as a table, one operation a line, with the bytes of weights that each reads for
  /// one token.
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
      blocks[blocks.count - 1].lines.append(operation.line(binding, sparse).text)
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
  fileprivate func line(
    _ binding: WeightBinding, _ sparse: StepProgram.SparseBytes
  ) -> OperationLine {
    let layerBytes = sparse.layers[layer ?? -1]
    let headBytes = sparse.attention[layer ?? -1]
    func bytes(_ kinds: [WeightRole.Kind]) -> Int {
      kinds.reduce(0) { $0 + (binding[WeightRole($1, layer: layer)]?.byteCount ?? 0) }
    }
    func row(_ kind: WeightRole.Kind) -> Int {
      guard let table = binding[WeightRole(kind)] else { return 0 }
      return table.byteCount / max(1, table.rows.count)
    }
    func landing(_ output: Buffer, _ landing: Landing) -> String {
      output.rawValue + (landing == .add ? " +=" : "")
    }
    func window(_ attention: AttentionDescription) -> String {
      attention.window > 0 ? "[-\(attention.window)...]" : ""
    }
    switch kind {
    case .embed(let output, let positions):
      let places = positions ? row(.positionEmbedding) : 0
      return OperationLine(
        "embed", "token\(positions ? ", position" : "") -> \(output.rawValue)",
        row(.tokenEmbedding) + places)
    case .addPositions(let output):
      return OperationLine(
        "positions", "position -> \(output.rawValue) +=", row(.positionEmbedding))
    case .norm(_, let weight, let input, let output):
      return OperationLine("norm", "\(input.rawValue) -> \(output.rawValue)", bytes([weight]))
    case .multiply(let weight, let input, let output, let way):
      let name = weight == .output ? "project" : weight.rawValue
      return OperationLine(name, "\(input.rawValue) -> \(landing(output, way))", bytes([weight]))
    case .multiplyLarge(let name, let input, let outputs, let way):
      let own = sparse.inputs[layer ?? -1]?[name]
      let dense = bytes(name.matrices)
      let targets = outputs.map(\.rawValue).joined(separator: ", ")
      return OperationLine(
        name.name,
        "\(input.rawValue)[I] -> \(targets)\(way == .add ? " +=" : "")",
        own?.density.map { Int(Double($0) * Double(dense)) }, of: dense,
        note: own.map { "|\(input.rawValue)| > \($0.threshold)" } ?? "")
    case .activate(let network): return OperationLine("activate", network.gated ? "g, n" : "n")
    case .project(let attention, let input):
      return OperationLine(
        "qkv", "\(input.rawValue) -> \(attention.isGated ? "q, z, k, v" : "q, k, v")",
        bytes(LayerInput.attention.matrices))
    case .normHeads(let attention):
      return OperationLine(
        "normHeads", attention.valueNorm == nil ? "q, k" : "q, k, v", bytes([.queryNorm, .keyNorm]))
    case .rotate: return OperationLine("rotate", "q, k")
    case .append: return OperationLine("append", "k, v -> cache")
    case .attend(let attention):
      return OperationLine("attend", "q, cache\(window(attention)) -> a")
    case .gateHeads: return OperationLine("gate", "a, z -> a")
    case .predictHeads(let attention, let input):
      return OperationLine(
        "predict", "\(input.rawValue) -> s [\(attention.keyValueHeads)]",
        headBytes?.predictorBytes, note: headBytes?.predictor ?? "")
    case .selectHeads: return OperationLine("select", "\(headBytes?.selector ?? "s") -> H")
    case .keepInput(_, let input): return OperationLine("keep", "\(input.rawValue) -> skipped")
    case .projectHeads(let attention, let input):
      let keys = bytes([.key, .value])
      return OperationLine(
        "qkv", "\(input.rawValue), H -> q[H], \(attention.selectedKeys)",
        headBytes?.density.map { density in
          // A skipped head makes up for it in one go, at every 16th token at the latest.
          let part = attention.isMultiHead ? density + (1 - density) / 16 : 1
          return Int(density * Float(bytes([.query])) + part * Float(keys))
        }, of: bytes([.query]) + keys)
    case .appendHeads(let attention):
      return OperationLine("append", "\(attention.selectedKeys) -> cache")
    case .attendHeads(let attention):
      return OperationLine("attend", "q[H], cache[H]\(window(attention)) -> a[H]")
    case .sparseOutput(let output, let way):
      let dense = bytes([.output])
      return OperationLine(
        "project", "a[H] -> \(landing(output, way))",
        headBytes?.density.map { Int($0 * Float(dense)) }, of: dense)
    case .feedForward(_, let input, let output, let way):
      return OperationLine(
        "ffn", "\(input.rawValue) -> \(landing(output, way))", bytes([.gate, .up, .down]))
    case .predict(let network, let input):
      return OperationLine(
        "predict", "\(input.rawValue) -> s [\(network.width / (layerBytes?.groupSize ?? 1))]",
        layerBytes.map { $0.predictorBytes + bytes($0.readWhole) },
        note: layerBytes?.predictor ?? "")
    case .select: return OperationLine("select", "\(layerBytes?.selector ?? "s") -> S")
    case .sparseFeedForward(_, let input, let output, let way):
      let dense = bytes([.gate, .up, .down])
      return OperationLine(
        "ffn", "\(input.rawValue), S -> \(landing(output, way))",
        layerBytes.flatMap { plan in
          let down = plan.readsDownWhole ? bytes([.down]) : 0
          return plan.density.map {
            down + Int(Double($0) * Double(dense - bytes(plan.readWhole) - down))
          }
        }, of: dense,
        note: layerBytes?.kept.map { "keeps " + $0 } ?? layerBytes?.rest ?? "")
    case .add(let input, let output):
      return OperationLine("add", "\(input.rawValue) -> \(output.rawValue) +=")
    case .scale(let weight, let output):
      return OperationLine("scale", "\(output.rawValue)", bytes([weight]))
    case .head(let input):
      return OperationLine(
        "head", "\(input.rawValue) -> logits", binding.matrix(binding.headRole).byteCount)
    case .sketch(let input): return OperationLine("sketch", "\(input.rawValue) -> s", sparse.sketch)
    case .candidates: return OperationLine("candidates", "s -> C")
    case .exact(let input):
      return OperationLine("exact", "\(input.rawValue), C -> logits[C]", sparse.exact)
    }
  }
}

extension AttentionDescription {
  /// The keys and values that a step with selected heads makes.
  fileprivate var selectedKeys: String { isMultiHead ? "k[H], v[H]" : "k, v" }
}
