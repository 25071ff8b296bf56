import Sparrow
import SparrowCore
import SparrowFormats
import SparrowSparsity

/// A model's facts as `sparrow info` prints them.
struct ModelFacts {
  private let checkpoint: Checkpoint
  private let description: ModelDescription

  private let adapter: Adapter?

  init(_ checkpoint: Checkpoint, _ description: ModelDescription, _ adapter: Adapter? = nil) {
    self.checkpoint = checkpoint
    self.description = description
    self.adapter = adapter
  }

  private var plan: SparsePlan { adapter?.plan ?? .dense }
  private var configuration: ModelConfiguration { description.configuration }
  private var format: String { checkpoint.kind == .gguf ? "GGUF" : "safetensors" }

  /// Bytes of the tensors of each element type, largest first.
  private var types: [(name: String, count: Int, bytes: Int)] {
    var sums: [String: (count: Int, bytes: Int)] = [:]
    for tensor in checkpoint.tensors {
      sums[tensor.type.rawValue, default: (0, 0)].count += 1
      sums[tensor.type.rawValue, default: (0, 0)].bytes += tensor.byteCount
    }
    return sums.map { ($0.key, $0.value.count, $0.value.bytes) }
      .sorted { ($0.bytes, $0.name) > ($1.bytes, $1.name) }
  }

  /// Values that layers share, or the least and the most where they differ.
  private func range(_ value: (LayerDescription) -> Int) -> String {
    let values = configuration.layers.map(value)
    guard let least = values.min(), let most = values.max() else { return "-" }
    return least == most ? "\(least)" : "\(least) to \(most)"
  }

  private var rows: [(String, String)] {
    let model = configuration
    let windows = model.layers.filter { $0.attention.window > 0 }
    var rows = [
      ("path", checkpoint.path),
      ("format", "\(format), \(Quantity.bytes(checkpoint.byteCount))"),
      ("architecture", model.architecture),
      ("parameters", Quantity.count(description.parameterCount)),
      ("layers", "\(model.layers.count)"),
      ("hidden", "\(model.hidden)"),
      (
        "heads",
        "\(range { $0.attention.heads }), "
          + "\(range { $0.attention.keyValueHeads }) of keys and values, "
          + "each \(range { $0.attention.headDimension }) wide"
      ),
      ("feed-forward", "\(range { $0.feedForward.width })\(activations)"),
      ("vocabulary", "\(model.vocabulary)\(head)"),
      ("context", "\(model.contextLength)"),
    ]
    if !windows.isEmpty {
      rows.append(
        ("windows", "\(windows.count) layers see \(windows[0].attention.window) tokens back"))
    }
    if let positions { rows.append(("positions", positions)) }
    rows.append(
      ("types", types.map { "\($0.name) \(Quantity.bytes($0.bytes))" }.joined(separator: ", ")))
    if let head = plan.head {
      rows.append(
        (
          "sparse head",
          "sketch of \(Quantity.bytes(head.sketch.byteCount)), \(head.plan.candidates) candidates, "
            + "\(head.plan.kept) kept"
        ))
    }
    if !plan.networks.isEmpty {
      let names = Set(plan.networks.values.map(\.predictorName)).sorted().joined(separator: ", ")
      rows.append(
        (
          "sparse layers",
          "\(plan.networks.count) of \(configuration.layers.count) feed-forward networks, "
            + "by \(names)"
        ))
    }
    if !plan.attention.isEmpty {
      let names = Set(plan.attention.values.map(\.predictorName)).sorted().joined(separator: ", ")
      rows.append(
        (
          "head groups",
          "attention of \(plan.attention.count) of \(configuration.layers.count) layers, "
            + "by \(names)"
        ))
    }
    if !plan.inputs.isEmpty {
      rows.append(
        (
          "sparse inputs",
          "matrices of \(plan.inputs.count) of \(configuration.layers.count) layers, by magnitude"
        ))
    }
    return rows + (adapter.map { WeightChanges($0, description.binding).rows } ?? [])
  }

  /// What one token's step does.
  var program: String {
    plan.rewrite(StepProgram(configuration)).text(
      description.binding, plan: plan)
  }

  private var head: String {
    if configuration.isEncoder { return ", no head: an encoder" }
    return configuration.tiedHead ? ", head tied to the embedding" : ""
  }

  /// How positions are told, where layers differ or only a part of each head turns; nil where all
  /// turn whole.
  private var positions: String? {
    let model = configuration
    if model.learnedPositionOffset != nil { return "learnt" }
    let turning = model.layers.map(\.attention).filter { $0.rotary != nil }
    var notes: [String] = []
    if turning.count < model.layers.count {
      notes.append("\(turning.count) of \(model.layers.count) layers turn")
    }
    if let part = turning.first(where: { $0.rotary!.dimension < $0.headDimension }) {
      notes.append("\(part.rotary!.dimension) of \(part.headDimension) elements of a head turn")
    }
    if let beyond = model.longRotaryBeyond {
      notes.append("otherwise beyond \(beyond) tokens")
    }
    return notes.isEmpty ? nil : notes.joined(separator: ", ")
  }

  private var activations: String {
    let names = Set(
      configuration.layers.map { layer in
        ", " + layer.feedForward.activation.rawValue + (layer.feedForward.gated ? ", gated" : "")
      })
    return names.sorted().joined(separator: " or")
  }

  var text: String {
    rows.map { $0.0.padded(to: 14) + $0.1 + "\n" }.joined()
  }

  var tensorList: String {
    let width = checkpoint.tensors.map(\.name.count).max() ?? 0
    return checkpoint.tensors.map { tensor in
      let shape = tensor.shape.map(String.init).joined(separator: " x ")
      return tensor.name.padded(to: width + 2) + tensor.type.rawValue.padded(to: 6) + "[\(shape)]\n"
    }.joined()
  }

  func json(tensors: Bool) -> JSON {
    let model = configuration
    var members: [(key: String, value: JSON)] = [
      ("path", .string(checkpoint.path)), ("format", .string(format)),
      ("bytes", .integer(checkpoint.byteCount)), ("architecture", .string(model.architecture)),
      ("parameters", .integer(description.parameterCount)),
      ("layers", .integer(model.layers.count)), ("hidden", .integer(model.hidden)),
      ("vocabulary", .integer(model.vocabulary)), ("context", .integer(model.contextLength)),
      ("tied_head", .bool(model.tiedHead)),
      ("types", .object(types.map { (key: $0.name, value: .integer($0.bytes)) })),
    ]
    if let head = plan.head {
      members.append(
        (
          "sparse_head",
          [
            "sketch_bytes": .integer(head.sketch.byteCount),
            "candidates": .integer(head.plan.candidates), "kept": .integer(head.plan.kept),
          ]
        ))
    }
    if let adapter { members += WeightChanges(adapter, description.binding).jsonMembers }
    if tensors {
      let list = checkpoint.tensors.map { tensor -> JSON in
        [
          "name": .string(tensor.name), "type": .string(tensor.type.rawValue),
          "shape": .array(tensor.shape.map { .integer($0) }), "bytes": .integer(tensor.byteCount),
        ]
      }
      members.append(("tensors", .array(list)))
    }
    return .object(members)
  }
}

extension String {
  /// The text with spaces after it, at least one.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
