public import SparrowCore
import SparrowMeasure
import SparrowSparsity

extension Fidelity {
  public var json: JSON {
    .object([
      ("context", .integer(context)), ("windows", .integer(windows)),
      ("positions", .integer(positions)),
      ("dense", ["perplexity": Self.perplexity(denseLoss)]),
      ("body", .object([("perplexity", Self.perplexity(sparseLoss))] + body.members)),
      ("head", ["same_top_share": headSameTop.json, "fallbacks": .integer(fallbacks)]),
      ("baseline", baseline?.json ?? .null),
      ("speed", speed?.json ?? .null), ("layers", .array(layers.map(\.json))),
    ])
  }

  fileprivate static func perplexity(_ loss: SampleMean) -> JSON {
    let estimate = exponential(loss.mean)
    return ["mean": .number(estimate), "error": .number(estimate * loss.error)]
  }
}

extension BaselineFidelity {
  var json: JSON {
    [
      "perplexity": Fidelity.perplexity(loss), "dense": .object(dense.members),
      "body": .object(body.members), "head": ["same_top_share": headSameTop.json],
    ]
  }
}

extension SampleMean {
  var json: JSON { ["mean": .number(mean), "error": .number(error)] }
}
