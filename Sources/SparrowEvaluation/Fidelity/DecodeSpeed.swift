public import SparrowCore
public import SparrowMeasure

/// Decoding speed of a model and its dense self, measured in turn over the same tokens.
public struct DecodeSpeed: Sendable, Equatable {
  /// Tokens a second, a pair from each window.
  public var pairs: PairedFigures
  /// Bytes of weights that decoding a token reads; of a sparse model, on average over the run.
  public var denseBytes: Int
  public var sparseBytes: Int
  /// Where the time of a token goes, in the pair that is quoted; nil where nobody measured it.
  public var denseTimes: StepTimes?
  public var sparseTimes: StepTimes?

  public var json: JSON {
    func side(_ figure: Figure, _ bytes: Int, _ times: StepTimes?) -> JSON {
      [
        "tokens_per_second": figure.json, "milliseconds_per_token": .number(1000 / figure.median),
        "bytes_per_token": .integer(bytes), "milliseconds": times?.json ?? .null,
      ]
    }
    return [
      "dense": side(pairs.dense, denseBytes, denseTimes),
      "sparse": side(pairs.sparse, sparseBytes, sparseTimes),
      "speedup": pairs.speedup.json,
    ]
  }
}
