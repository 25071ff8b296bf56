import Sparrow

/// `/v1/sparsity`: what is sparse in the model, and what that saves now.
struct SparsityRoute: Sendable {
  let service: ModelService

  /// From the first time on that somebody asks, recall is sampled.
  var answer: ServerAnswer {
    service.scheduler.sampleRecall()
    let model = service.model
    let now = service.scheduler.statistics
    let touched =
      now.touched == Touched() ? model.plan.touched(model.configuration) : now.touched
    let rate = now.decodeSeconds > 0 ? Double(now.generatedTokens) / now.decodeSeconds : 0
    return ServerAnswer([
      "is_sparse": .bool(model.isSparse), "plan": Self.plan(model.plan),
      "parts": ActivityText(model).list(of: model),
      "warnings": .array(model.warnings.map { .string($0) }),
      "density": Self.density(touched),
      "recall": now.recall.map { Self.recall($0) } ?? .null,
      "bytes_per_token": .integer(model.bytesPerToken),
      "dense_bytes_per_token": .integer(model.denseBytesPerToken),
      "tokens_per_second": .number(rate),
      "generated_tokens": .integer(now.generatedTokens), "running": .integer(now.running),
      "waiting": .integer(now.waiting),
    ])
  }

  private static func plan(_ plan: SparsePlan) -> JSON {
    let head = plan.head.map { head -> JSON in
      [
        "candidates": .integer(head.plan.candidates), "kept": .integer(head.plan.kept),
        "recalls": .array(
          head.plan.recalls.map { point in
            ["doubt": .number(Double(point.doubt)), "recall": .number(Double(point.recall))]
          }),
      ]
    }
    return [
      "networks": .integer(plan.networks.count), "attention": .integer(plan.attention.count),
      "inputs": .integer(plan.inputs.count), "head": head ?? .null,
      "widest_batch": plan.widestBatch == BatchLimit.none ? .null : .integer(plan.widestBatch),
    ]
  }

  /// Parts that a token touches, by layer.
  private static func density(_ touched: Touched) -> JSON {
    [
      "networks": list(touched.networks.mapValues(\.selected), "density"),
      "attention": list(touched.attention.mapValues(\.selected), "density"),
      "head_rows": touched.headRows.map { .number($0) } ?? .null,
    ]
  }

  private static func recall(_ found: SampledRecall) -> JSON {
    [
      "networks": list(found.networks, "recall"), "attention": list(found.attention, "recall"),
      "head": found.head.map { .number($0) } ?? .null,
    ]
  }

  private static func list(_ values: [Int: Double], _ name: String) -> JSON {
    .array(
      values.sorted { $0.key < $1.key }.map {
        .object([(key: "layer", value: .integer($0.key)), (key: name, value: .number($0.value))])
      })
  }
}
