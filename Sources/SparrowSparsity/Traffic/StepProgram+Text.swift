public import SparrowTransformer

extension StepProgram {
  /// The program as a table, one operation a line, with the bytes of weights that each reads for
  /// one token.
  ///
  /// Layers equal to the one before, bytes included, are named and not repeated. `plan` is what
  /// rewrote it.
  public func text(_ binding: WeightBinding, plan: SparsePlan = .dense) -> String {
    let traffic = Traffic(plan, binding.configuration, binding)
    var text = ""
    var blocks: [(layer: Int?, lines: [String])] = []
    for operation in operations {
      if blocks.isEmpty || blocks[blocks.count - 1].layer != operation.layer {
        blocks.append((operation.layer, []))
      }
      blocks[blocks.count - 1].lines.append(operation.line(plan, traffic.bytes(of: operation)).text)
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
  fileprivate func line(_ plan: SparsePlan, _ bytes: Traffic.Bytes) -> OperationLine {
    let (name, flow, note) = words(plan)
    return OperationLine(
      name, flow, bytes.read, of: bytes.isPart ? bytes.dense : nil, note: note)
  }

  /// What it is called, what it reads and writes, and a note.
  private func words(_ plan: SparsePlan) -> (name: String, flow: String, note: String) {
    let network = plan.networks[layer ?? -1]
    let heads = plan.attention[layer ?? -1]
    func landing(_ output: Buffer, _ landing: Landing) -> String {
      output.rawValue + (landing == .add ? " +=" : "")
    }
    func window(_ attention: AttentionDescription) -> String {
      attention.isBidirectional
        ? "[all]" : attention.window > 0 ? "[-\(attention.window)...]" : ""
    }
    switch kind {
    case .embed(let output, let positions):
      return ("embed", "token\(positions ? ", position" : "") -> \(output.rawValue)", "")
    case .addPositions(let output): return ("positions", "position -> \(output.rawValue) +=", "")
    case .addTokenType(let output): return ("type", "0 -> \(output.rawValue) +=", "")
    case .norm(_, _, let input, let output):
      return ("norm", "\(input.rawValue) -> \(output.rawValue)", "")
    case .multiply(let weight, let input, let output, let way):
      let name = weight == .output ? "project" : weight.rawValue
      return (name, "\(input.rawValue) -> \(landing(output, way))", "")
    case .multiplyLarge(let name, let input, let outputs, let way):
      let threshold = plan.inputs[layer ?? -1]?.thresholds[name]
      let targets = outputs.map(\.rawValue).joined(separator: ", ")
      return (
        name.name, "\(input.rawValue)[I] -> \(targets)\(way == .add ? " +=" : "")",
        threshold.map { "|\(input.rawValue)| > \($0.value)" } ?? ""
      )
    case .activate(let network): return ("activate", network.gated ? "g, n" : "n", "")
    case .project(let attention, let input):
      return (
        "qkv", "\(input.rawValue) -> \(attention.isGated ? "q, z, k, v" : "q, k, v")", ""
      )
    case .normHeads(let attention):
      return ("normHeads", attention.valueNorm == nil ? "q, k" : "q, k, v", "")
    case .rotate: return ("rotate", "q, k", "")
    case .append: return ("append", "k, v -> cache", "")
    case .attend(let attention): return ("attend", "q, cache\(window(attention)) -> a", "")
    case .gateHeads: return ("gate", "a, z -> a", "")
    case .predictHeads(let attention, let input):
      return (
        "predict", "\(input.rawValue) -> s [\(attention.keyValueHeads)]",
        heads?.predictorName ?? ""
      )
    case .selectHeads: return ("select", "\(heads?.selector.text(of: "s") ?? "s") -> H", "")
    case .keepInput(_, let input): return ("keep", "\(input.rawValue) -> skipped", "")
    case .projectHeads(let attention, let input):
      return ("qkv", "\(input.rawValue), H -> q[H], \(attention.selectedKeys)", "")
    case .appendHeads(let attention): return ("append", "\(attention.selectedKeys) -> cache", "")
    case .attendHeads(let attention):
      return ("attend", "q[H], cache[H]\(window(attention)) -> a[H]", "")
    case .sparseOutput(let output, let way):
      return ("project", "a[H] -> \(landing(output, way))", "")
    case .feedForward(_, let input, let output, let way):
      return ("ffn", "\(input.rawValue) -> \(landing(output, way))", "")
    case .predict(let own, let input):
      return (
        "predict", "\(input.rawValue) -> s [\(own.width / (network?.groupSize ?? 1))]",
        network?.predictorName ?? ""
      )
    case .select: return ("select", "\(network?.selectorText ?? "s") -> S", "")
    case .sparseFeedForward(_, let input, let output, let way):
      return (
        "ffn", "\(input.rawValue), S -> \(landing(output, way))", network?.activationText ?? ""
      )
    case .add(let input, let output):
      return ("add", "\(input.rawValue) -> \(output.rawValue) +=", "")
    case .scale(_, let output): return ("scale", "\(output.rawValue)", "")
    case .head(let input): return ("head", "\(input.rawValue) -> logits", "")
    case .sketch(let input): return ("sketch", "\(input.rawValue) -> s", "")
    case .candidates: return ("candidates", "s -> C", "")
    case .exact(let input): return ("exact", "\(input.rawValue), C -> logits[C]", "")
    }
  }
}

extension AttentionDescription {
  /// The keys and values that a step with selected heads makes.
  fileprivate var selectedKeys: String { isMultiHead ? "k[H], v[H]" : "k, v" }
}

extension FeedForwardPlan {
  fileprivate var selectorText: String {
    selector.text(of: "s") + (common.isEmpty ? "" : " + \(common.count) common")
  }

  /// What becomes of activations.
  fileprivate var activationText: String {
    if let kept { return "keeps " + kept.text(of: "|a|") }
    return switch rest {
    case .nothing: ""
    case .estimate: "estimates the rest"
    case .sketch: "sketches the rest"
    }
  }
}

extension Selector {
  /// What it picks of the scores called `name`.
  fileprivate func text(of name: String) -> String {
    switch self {
    case .threshold(let least): "\(name) > \(least)"
    case .topK(let k): "top \(k) of \(name)"
    case .statisticalTopK(let k): "top ~\(k) of \(name)"
    case .bucketedTopK(let k, let buckets, _): "top \(k) of \(name) in \(buckets) buckets"
    }
  }
}
