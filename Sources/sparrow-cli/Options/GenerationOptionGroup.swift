import ArgumentParser
import Sparrow

/// When generation ends, and how tokens are chosen.
struct GenerationOptionGroup: ParsableArguments {
  @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "New tokens at most.")
  var maxTokens = 256

  @Option(
    parsing: .unconditional,
    help: "Tokens a session holds at most; 0 is the model's limit, up to 8192.")
  var context = 0

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "End where this text begins; may be given several times, the earliest counts.",
      valueName: "text"))
  var stop: [String] = []

  @Flag(help: "Go on past the model's end token.")
  var ignoreEnd = false

  @OptionGroup var sampling: SamplingOptionGroup

  func validate() throws {
    guard maxTokens >= 0 else {
      throw ValidationError("--max-tokens \(maxTokens): expected 0 or more")
    }
    guard context >= 0 else { throw ValidationError("--context \(context): expected 0 or more") }
  }

  /// The options that were given, and `defaults` of sampling for the others.
  func options(_ defaults: SamplingOptions) -> GenerationOptions {
    GenerationOptions(
      maximumTokens: maxTokens, sampling: sampling.options(defaults), stop: stop,
      ignoresEnd: ignoreEnd)
  }

  /// The session's size; nil leaves it to the model.
  var sessionContext: Int? { context == 0 ? nil : context }
}
