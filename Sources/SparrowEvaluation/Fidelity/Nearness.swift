import SparrowCore
import SparrowEngine
public import SparrowMeasure

/// How near one model's distributions of the next token are to another's, over positions of a text.
public struct Nearness: Sendable, Equatable {
  /// Loss less the other's loss in nats: the logarithm of the perplexities' ratio, by position and
  /// by window.
  ///
  /// Positions of a window are not independent: the error over windows is the honest one once there
  /// are a dozen of them; the other is llama.cpp's.
  public var logRatio = SampleMean()
  public var windowLogRatio = SampleMean()
  /// KL(other || own) of the next token's distribution in nats.
  public var divergence = SampleMean()
  /// Part of the positions with the same greedy token.
  public var sameTop = SampleMean()
  private var windowSum = 0.0
  private var windowPositions = 0

  public init() {}

  /// Perplexity over the other's perplexity.
  public var ratio: Double { exponential(logRatio.mean) }

  /// Counts a position of the window at hand.
  mutating func add(_ own: ScoredPosition, beside other: ScoredPosition) {
    let difference = own.loss - other.loss
    logRatio.add(difference)
    windowSum += difference
    windowPositions += 1
    divergence.add(
      SparrowMeasure.divergence(other.logits, total: other.total, own.logits, total: own.total))
    sameTop.add(own.top == other.top ? 1 : 0)
  }

  /// What follows is of another window.
  mutating func endWindow() {
    windowLogRatio.add(windowSum / Double(max(windowPositions, 1)))
    (windowSum, windowPositions) = (0, 0)
  }

  /// The figures of a ratio, with the divergence and the share of same tokens.
  var members: [(String, JSON)] {
    [
      ("perplexity_ratio", .number(ratio)), ("log_ratio", .number(logRatio.mean)),
      ("log_ratio_error", .number(logRatio.error)),
      ("log_ratio_error_over_windows", .number(windowLogRatio.error)),
      ("kl_divergence", divergence.json), ("same_top_share", sameTop.json),
    ]
  }
}

/// A model's logits at a position, with what every comparison needs of them.
struct ScoredPosition {
  let logits: UnsafeBufferPointer<Float>
  /// The logarithm of the softmax's denominator.
  let total: Float
  /// Of the text's next token, in nats.
  let loss: Double
  let top: Int32

  init(_ output: HeadOutput, next: Int) {
    logits = output.logits
    total = output.logSumExp
    loss = Double(total - output.logits[next])
    top = output.top
  }
}
