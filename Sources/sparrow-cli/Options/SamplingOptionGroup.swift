import ArgumentParser
import Sparrow
import SparrowCore

/// How tokens are chosen. What is not given is the command's own choice.
struct SamplingOptionGroup: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      0 takes the likeliest token each time; 1 draws by the model's own probabilities. (default: \
      0; chat: the model's, else 0.7)
      """)
  var temperature: Float?

  @Option(
    parsing: .unconditional,
    help: """
      Draw from this many of the likeliest tokens; 0 is all. (default: 40; chat: the model's, else \
      40)
      """)
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: """
      Draw from the likeliest tokens that reach this probability together; 1 is all. (default: \
      0.95; chat: the model's, else 0.95)
      """)
  var topP: Float?

  @Option(
    parsing: .unconditional,
    help: """
      Draw from tokens at least this likely beside the likeliest; 0 is all. (default: 0.05; chat: \
      the model's, else 0.05)
      """)
  var minP: Float?

  @Option(
    parsing: .unconditional,
    help: """
      Makes repeated tokens less likely; 1 does not. (default: 1; chat: the model's, else 1)
      """)
  var repetitionPenalty: Float?

  @Option(
    parsing: .unconditional, help: "How many of the last tokens count as repeated. (default: 64)")
  var repetitionWindow: Int?

  @Option(parsing: .unconditional, help: "The same seed gives the same text.")
  var seed: UInt64 = 0

  /// `defaults` with what was given in place.
  func options(_ defaults: SamplingOptions) -> SamplingOptions {
    SamplingOptions(
      temperature: temperature ?? defaults.temperature, topK: topK ?? defaults.topK,
      topP: topP ?? defaults.topP, minP: minP ?? defaults.minP,
      repetitionPenalty: repetitionPenalty ?? defaults.repetitionPenalty,
      repetitionWindow: repetitionWindow ?? defaults.repetitionWindow, seed: seed)
  }

  func validate() throws {
    do {
      try options(.greedy).validate()
    } catch {
      throw ValidationError("--" + error.description)
    }
  }
}
