package import SparrowCore

extension BatchBenchmark {
  /// A few lines for people.
  package var text: String {
    let head = [
      "synthetic \(shape.name): random weights, \(Quantity.count(shape.parameterCount)) of them, "
        + "\(context) tokens before",
      "read ceiling \(Quantity.bytes(ceiling))/s of \(device)",
      "rows choose by chance, together as much as published; predictors of rank \(rank)",
    ]
    return (head + batches.flatMap { lines(of: $0) }).joined(separator: "\n") + "\n"
  }

  private func lines(of batch: Batch) -> [String] {
    var lines = [
      "batch \(batch.rows)  union \(Quantity.fixed(batch.union * 100, 1))% of the neurons",
      "  dense   " + line(batch.dense),
    ]
    if let sparse = batch.sparse {
      lines += [
        "  sparse  " + line(sparse),
        "          \(batch.parts): \(Quantity.fixed(batch.speedup, 2)) times dense, "
          + "expected \(Quantity.fixed(batch.expected, 2))",
      ]
    } else {
      lines.append("  nothing is expected to pay: runs dense")
    }
    return lines
  }

  private func line(_ step: Step) -> String {
    "\(Quantity.fixed(step.milliseconds, 3)) ms, \(Quantity.bytes(step.byteCount)), "
      + "\(Quantity.bytes(step.bytesPerSecond))/s, "
      + "\(Quantity.fixed(step.bytesPerSecond / ceiling * 100, 1))% of the ceiling"
  }

  package var json: JSON {
    .object([
      ("synthetic", .bool(true)), ("shape", .string(shape.name)), ("device", .string(device)),
      ("context", .integer(context)), ("rank", .integer(rank)), ("ceiling", .number(ceiling)),
      ("batches", .array(batches.map(json))),
    ])
  }

  private func json(_ batch: Batch) -> JSON {
    .object([
      ("rows", .integer(batch.rows)), ("union", .number(batch.union)),
      ("networks", .integer(batch.networks)), ("attention", .integer(batch.attention)),
      ("dense", json(batch.dense)), ("sparse", batch.sparse.map(json) ?? .null),
      ("speedup", .number(batch.speedup)), ("expected", .number(batch.expected)),
    ])
  }

  private func json(_ step: Step) -> JSON {
    .object([
      ("milliseconds", .number(step.milliseconds)), ("bytes", .integer(step.byteCount)),
      ("bytesPerSecond", .number(step.bytesPerSecond)),
      ("ceilingShare", .number(step.bytesPerSecond / ceiling)),
    ])
  }
}

extension BatchBenchmark.Batch {
  /// What of the plan runs.
  package var parts: String {
    let networks = networks > 0 ? ["networks"] : []
    return (networks + (attention > 0 ? ["heads"] : [])).joined(separator: " and ")
  }
}
