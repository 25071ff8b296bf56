public import Sparrow
public import SparrowCore
import SparrowEngine
public import SparrowMeasure

/// Perplexity of a text, computed as llama.cpp does.
///
/// The text is cut into windows of `context` tokens; each window starts afresh, with the model's
/// first token in place of its own where the model has one, and the second half of its tokens is
/// scored.
public struct Perplexity: Sendable, Equatable {
  public var context: Int
  /// Windows scored.
  public var windows: Int
  /// Negative log likelihoods of the scored tokens, in nats.
  public var losses = SampleMean()
  public var seconds: Double

  /// Tokens scored.
  public var tokens: Int { losses.count }

  /// exp(mean negative log likelihood).
  public var estimate: Double { exponential(losses.mean) }

  /// One standard error of the estimate.
  public var error: Double { losses.error * estimate }

  /// Scores `text` in at most `windows` windows.
  ///
  /// Throws `.argument` for a text shorter than two windows or a context that the model lacks.
  public static func measure(
    _ model: Model, text: String, context: Int = 512, windows limit: Int? = nil,
    progress: Progress = .none
  ) throws(SparrowError) -> Perplexity {
    let windows = try TextWindows(model, text: text, context: context, limit: limit)
    let session = try model.session(context: context)
    var result = Perplexity(context: context, windows: 0, seconds: 0)
    let start = monotonicSeconds()
    for index in 0..<windows.count {
      let window = windows[index]
      session.clear()
      try session.score(window, from: context / 2) { position, row, logits in
        guard position + 1 < context else { return }
        let output = HeadOutput(row: row, logits: logits)
        result.losses.add(Double(-output.logProbability(of: window[position + 1])))
      }
      result.windows += 1
      result.seconds = monotonicSeconds() - start
      let estimate = Quantity.fixed(result.estimate, 4)
      try progress.report(.init(index + 1, of: windows.count, .items("windows, \(estimate)")))
    }
    return result
  }
}
