#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// What every `sparrow train` command takes.
  struct TrainOptions: ParsableArguments {
    @Option(
      parsing: .unconditionalSingleValue,
      help: "A text: .txt or .jsonl, or a folder of them; may be given several times.",
      completion: .file())
    var text: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Tasks whose answers are learnt, a .jsonl file; may be given several times.",
        discussion: """
          Lines as sparrow evaluate takes them, or conversations: {"messages": [{"role": "user", \
          "content": "..."}, {"role": "assistant", "content": "..."}]}. Prompts are not learnt.
          """), completion: .file())
    var task: [String] = []

    @Option(
      parsing: .unconditional,
      help: "A text to measure on; without one a hundredth of the documents is held out.")
    var heldOut: String?

    @Option(
      name: .shortAndLong, parsing: .unconditional,
      help: "The run's folder. A run that was stopped goes on from its last checkpoint.",
      completion: .directory)
    var output: String

    @Option(parsing: .unconditional, help: "Optimiser steps.")
    var steps = 1000

    @Option(parsing: .unconditional, help: "Rows of a batch.")
    var batch = 16

    @Option(parsing: .unconditional, help: "Tokens of a row.")
    var length = 512

    @Option(parsing: .unconditional, help: "Batches whose gradients are summed for a step.")
    var accumulate = 1

    @Option(parsing: .unconditional, help: "The peak of the learning rate.")
    var rate = 3e-4

    @Option(parsing: .unconditional, help: "Steps in which the learning rate rises.")
    var warmUp = 50

    @Option(parsing: .unconditional, help: "Decay of matrices.")
    var weightDecay: Float = 0

    @Option(parsing: .unconditional, help: "Steps between checkpoints.")
    var saveEvery = 500

    @Option(parsing: .unconditional, help: "Steps between measures of the held-out loss.")
    var evaluateEvery = 250

    @Flag(help: "Compute layers again in the backward pass: less memory, a third slower.")
    var checkpointLayers = false

    @Flag(help: "Train on the processor though there is a GPU.")
    var cpu = false

    @Flag(
      help: ArgumentHelp(
        "Train in several processes, each on a batch of its own, that share the output's folder.",
        discussion: "Start them by mpirun, or with MLX_RANK and MLX_HOSTFILE as MLX describes."))
    var distributed = false

    @Option(parsing: .unconditional, help: "The same seed gives the same model.")
    var seed: UInt64 = 0

    /// Of every count, so that no product of theirs is beyond an integer.
    private static let most = 1_000_000_000

    func validate() throws {
      guard !(text + task).isEmpty else {
        throw ValidationError("nothing to train on: give --text or --task")
      }
      if let weight = task.first(where: { Double($0) != nil }) {
        throw ValidationError(
          "--task \(weight): expected a .jsonl file; the next token's weight is --next-token")
      }
      for (name, value) in [
        ("steps", steps), ("batch", batch), ("length", length), ("accumulate", accumulate),
        ("save-every", saveEvery), ("evaluate-every", evaluateEvery),
      ] where !(1...Self.most).contains(value) {
        throw ValidationError("--\(name) \(value): expected 1 to \(Self.most)")
      }
    }

    /// Makes the output's folder, chooses and tells the device; gives the run's options: bfloat16
    /// on a GPU, float32 elsewhere.
    func start() throws(SparrowError) -> TrainingOptions {
      try Files.makeFolder(output)
      try AtomicFile.check(path: output + "/report.html")
      var options = TrainingOptions()
      let device = try TensorDevice.start(cpu: cpu)
      options.trainer.type = device.type
      if distributed { (options.rank, options.ranks) = try TensorGroup.join() }
      if options.rank == 0 { device.tell("training") }
      options.text = text
      options.tasks = task
      options.heldOutText = heldOut
      options.output = output
      options.batch = batch
      options.length = length
      options.seed = seed
      options.trainer.accumulation = accumulate
      options.trainer.saveEvery = saveEvery
      options.trainer.evaluateEvery = evaluateEvery
      options.trainer.isCheckpointed = checkpointLayers
      options.trainer.optimizer.weightDecay = weightDecay
      return options
    }
  }
#endif
