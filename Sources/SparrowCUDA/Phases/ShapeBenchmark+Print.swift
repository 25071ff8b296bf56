package import SparrowCore

extension ShapeBenchmark {
  /// A few lines for people.
  package var text: String {
    var lines = [
      "synthetic \(shape.name) in \(shape.format.rawValue): random weights, "
        + "\(Quantity.count(shape.parameterCount)) of them, \(context) tokens before",
      "read ceiling \(Quantity.bytes(ceiling))/s of \(device)",
      line("dense ", dense),
    ]
    if let sparse, let sparsity, let speedup {
      lines += [
        line("sparse", sparse),
        "        \(sparsity.text): \(Quantity.fixed(speedup, 2)) times dense",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func line(_ name: String, _ step: Step) -> String {
    let share = step.bytesPerSecond / ceiling
    let error = step.error.map { ", error \(exponent($0)) of float64" } ?? ""
    return "\(name)  \(Quantity.fixed(step.milliseconds, 3)) ms, "
      + "\(Quantity.bytes(step.byteCount)), \(Quantity.bytes(step.bytesPerSecond))/s, "
      + "\(Quantity.fixed(share * 100, 1))% of the ceiling, "
      + "\(Quantity.fixed(1 / share, 3)) times its time\(error)"
  }

  /// `2e-7`
  private func exponent(_ value: Double) -> String {
    var power = 0
    var digits = value
    while digits > 0, digits < 1 {
      digits *= 10
      power -= 1
    }
    return "\(Quantity.fixed(digits, 1))e\(power)"
  }

  package var json: JSON {
    var members: [(key: String, value: JSON)] = [
      ("synthetic", .bool(true)), ("shape", .string(shape.name)),
      ("format", .string(shape.format.rawValue)), ("device", .string(device)),
      ("context", .integer(context)), ("ceiling", .number(ceiling)), ("dense", json(dense)),
    ]
    if let sparse, let sparsity, let speedup {
      members += [
        ("sparsity", sparsity.json), ("sparse", json(sparse)), ("speedup", .number(speedup)),
      ]
    }
    return .object(members)
  }

  private func json(_ step: Step) -> JSON {
    .object([
      ("milliseconds", .number(step.milliseconds)), ("bytes", .integer(step.byteCount)),
      ("bytesPerSecond", .number(step.bytesPerSecond)),
      ("ceilingShare", .number(step.bytesPerSecond / ceiling)),
      ("error", step.error.map(JSON.number) ?? .null),
    ])
  }
}

extension SyntheticSparsity {
  var text: String {
    let heads = headDensity.map { ", heads \(Quantity.fixed($0, 2))" } ?? ""
    let by =
      switch predictor {
      case .given: "selections given"
      case .lowRank(let rank): "predictors of rank \(rank)"
      case .router: "a router, groups of \(group)"
      case .sketch: "a sketch of four bits"
      }
    let layers = every == 1 ? "" : " of every \(every)th layer"
    let head = hasSparseHead ? ", a sparse head" : ""
    let stored = predictorFormat.map { " in \($0.rawValue)" } ?? ""
    return "neurons \(Quantity.fixed(density, 2))\(layers)\(heads), \(by)\(stored)\(head)"
  }

  var json: JSON {
    .object([
      ("density", .number(density)), ("heads", headDensity.map(JSON.number) ?? .null),
      ("predictor", .string(name)), ("rank", rank.map(JSON.integer) ?? .null),
      ("predictorFormat", predictorFormat.map { .string($0.rawValue) } ?? .null),
      ("group", .integer(group)), ("every", .integer(every)), ("sparseHead", .bool(hasSparseHead)),
    ])
  }

  private var name: String {
    switch predictor {
    case .given: "given"
    case .lowRank: "lowRank"
    case .router: "router"
    case .sketch: "sketch"
    }
  }
}
