#if Training
  import Sparrow
  import SparrowBlocks
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport

  @testable import SparrowTraining

  /// Runs of a few steps over a few sentences, with their folder.
  struct TinyRun {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()

      let lines = (0..<24).map { #"{"text": "the \#($0) is in the \#($0 * 7 % 13) then within"}"# }
      try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: text)
    }

    var text: String { folder.file("text.jsonl") }

    /// Options that report each step.
    func options(_ name: String = "run") -> TrainingOptions {
      var options = TrainingOptions()
      options.text = [text]
      options.heldOutText = text
      options.output = folder.file(name)
      options.batch = 4
      options.length = 16
      options.trainer.reportEvery = 1
      return options
    }

    /// A tiny model in float32 with a tokenizer, if need be another's.
    func model(_ name: String) throws -> String {
      let source = folder.file("source " + name)
      try Files.makeFolder(source)
      for (from, isWanted) in [("smollm2", { $0.hasPrefix("token") }), (name, { _ in true })]
        as [(String, (String) -> Bool)]
      {
        let fixture = Fixtures.path("models/" + from)
        for file in Files.names(in: fixture) where isWanted(file) {
          try Files.write(try Files.read(fixture + "/" + file), to: source + "/" + file)
        }
      }
      let binding = try ModelDescription(Checkpoint.open(source)).binding
      let writer = try ModelWriter(binding)
      try writer.writeHuggingFace(
        to: folder.file(name), type: .f32, values: writer.sourceValues)
      return folder.file(name)
    }

    /// The tiny model with ReLU for its activation.
    func reluModel() throws -> String {
      let source = Fixtures.path("models/smollm2")
      try Files.makeFolder(folder.file("relu"))
      for name in Files.names(in: source) {
        var text = try Files.read(source + "/" + name)
        if name == "config.json" {
          text = Array(
            String(decoding: text, as: UTF8.self).replacing("\"silu\"", with: "\"relu\"").utf8)
        }
        try Files.write(text, to: folder.file("relu/" + name))
      }
      return folder.file("relu")
    }

    /// Trains a tiny model; gives what came out and the lines of metrics.
    func train(
      _ recipe: any Recipe, model: String = Fixtures.path("models/smollm2"),
      options: TrainingOptions? = nil
    ) throws -> (result: TrainedModel, lines: [TrainingStep]) {
      // On a processor MLX would run a C++ compiler.
      TensorDevice.setCompiling(false)
      let run = try TrainingRun(model: model, recipe: recipe, options: options ?? self.options())
      var lines: [TrainingStep] = []
      let result = try run.run(
        progress: .none, report: { line, _ in lines.append(line) }, shouldStop: { false })
      return (result, lines)
    }
  }
#endif
