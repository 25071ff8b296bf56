public import SparrowCore
import SparrowMeasure
import SparrowSparsity

extension Fidelity {
  public var json: JSON {
    .object([
      ("context", .integer(context)), ("windows", .integer(windows)),
      ("positions", .integer(positions)),
      ("dense", ["perplexity": Self.perplexity(denseLoss)]),
      (
        "body",
        [
          "perplexity": Self.perplexity(sparseLoss), "perplexity_ratio": .number(ratio),
          "log_ratio": .number(logRatio.mean), "log_ratio_error": .number(logRatio.error),
          "log_ratio_error_over_windows": .number(windowLogRatio.error),
          "kl_divergence": divergence.json, "same_top_share": bodySameTop.json,
        ]
      ),
      ("head", ["same_top_share": headSameTop.json, "fallbacks": .integer(fallbacks)]),
      ("speed", speed?.json ?? .null), ("layers", .array(layers.map(\.json))),
    ])
  }

  private static func perplexity(_ loss: SampleMean) -> JSON {
    let estimate = exponential(loss.mean)
    return ["mean": .number(estimate), "error": .number(estimate * loss.error)]
  }
}

extension SampleMean {
  var json: JSON { ["mean": .number(mean), "error": .number(error)] }
}
