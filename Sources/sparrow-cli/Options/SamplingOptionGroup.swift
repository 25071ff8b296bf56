import ArgumentParser
import Sparrow
import SparrowCore

/// How tokens are chosen.
struct SamplingOptionGroup: ParsableArguments {
  @Option(help: "0 takes the likeliest token each time; 1 draws by the model's own probabilities.")
  var temperature: Float = 0

  @Option(help: "Draw from this many of the likeliest tokens; 0 is all.")
  var topK = 40

  @Option(help: "Draw from the likeliest tokens that reach this probability together; 1 is all.")
  var topP: Float = 0.95

  @Option(help: "Draw from tokens at least this likely beside the likeliest; 0 is all.")
  var minP: Float = 0.05

  @Option(help: "Makes repeated tokens less likely; 1 does not.")
  var repetitionPenalty: Float = 1

  @Option(help: "How many of the last tokens count as repeated.")
  var repetitionWindow = 64

  @Option(help: "The same seed gives the same text.")
  var seed: UInt64 = 0

  var options: SamplingOptions {
    SamplingOptions(
      temperature: temperature, topK: topK, topP: topP, minP: minP,
      repetitionPenalty: repetitionPenalty, repetitionWindow: repetitionWindow, seed: seed)
  }

  func validate() throws {
    do {
      try options.validate()
    } catch {
      throw ValidationError("--" + error.description)
    }
  }
}
