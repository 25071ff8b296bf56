import ArgumentParser
import SparrowCalibration
import SparrowCore
import SparrowSparsity

/// How `calibrate` makes layers sparse.
struct NeuronOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Make layers sparse by: sketch, low-rank, router, magnitude, exact or teal.",
      discussion: """
        sketch is HiRE's cheap copy of the weights, low-rank Deja Vu's two maps, router LTE's one, magnitude \
        CATS' exact gate; exact is for comparison. They choose neurons of feed-forward networks; teal \
        leaves small inputs of all matrices out and takes --target density=... only.
        """),
    transform: method)
  var method: Method?

  enum Method {
    /// Neurons of feed-forward networks.
    case neurons(FeedForwardCalibration.Method)
    /// Inputs of all matrices.
    case teal
  }

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What layers' densities are chosen for: perplexity=1.03 or density=0.5.",
      discussion: """
        The fastest plan at most that many times the dense perplexity, or the most faithful plan of that mean \
        density. Layers that do not pay stay dense.
        """))
  var target = "perplexity=1.03"

  @Flag(
    help: ArgumentHelp(
      "Make every layer sparse, at the target's density.",
      discussion: "What training can start from: sparrow train lte (or predictors) --start ADAPTER."
    ))
  var everyLayer = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How a feed-forward sketch keeps rows: int4, int5, product, low-rank or low-rank-int4.",
      discussion: """
        (default: int5 where it estimates the neurons that are not selected, else int4)
        """))
  var neuronSketch: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What neurons give that are not selected: nothing, estimate or sketch.",
      discussion: """
        estimate is the sketch's own activation: gate and up are read sparsely, down whole; sketch keeps a copy \
        of down too, in layers where that is smaller than down, and reads all three sparsely. (default: sketch for an \
        int4 or int5 sketch with a perplexity as target, but for networks like ReLU's whose neurons are mostly zero; \
        else nothing)
        """))
  var rest: String?

  @Option(
    parsing: .unconditional,
    help: "Directions of low-rank sketches and maps of neurons; 0 is a quarter of the width.")
  var neuronRank = 0

  @Option(parsing: .unconditional, help: "How linear maps are kept: f16, q8_0 or q4_0.")
  var maps = "f16"

  @Flag(help: "Let linear maps read the input of the layer before.")
  var lookahead = false

  @Option(
    parsing: .unconditional,
    help: "Neurons selected together: 1, 4, 8, 16 or 32. More than 1 is for trained models.")
  var groupSize = 1

  @Option(parsing: .unconditional, help: "What groups are made by: natural, weights or activity.")
  var grouping = FeedForwardCalibration.Grouping.natural.rawValue

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "An adapter of sparrow train topk: sketches take over its layers, groups, common path and k.",
      discussion: "For the model that was trained, with --method sketch. --target is then not read."
    ),
    completion: .directory)
  var like: String?

  @Option(
    parsing: .unconditional,
    help: "With --like: groups that a sketch fetches for a token, as a multiple of k.")
  var fetch = 1.5

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How teal shares the density out in a layer: greedy or uniform.",
      discussion: """
        greedy leaves out most where the layer's result loses least, so that as many bytes are read; uniform \
        the same part of every input.
        """))
  var allocation = InputCalibration.Allocation.greedy.rawValue

  private static func method(_ name: String) throws -> Method {
    name == "teal" ? .teal : .neurons(try choice(name, "--method", also: ", teal"))
  }

  private static func choice<T: RawRepresentable & CaseIterable>(
    _ name: String, _ option: String, also others: String = ""
  ) throws -> T where T.RawValue == String {
    guard let value = T(rawValue: name) else {
      let known = T.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option) \(name): expected one of \(known)\(others)")
    }
    return value
  }

  func validate() throws {
    if rest != nil {
      guard case .neurons(.sketch) = method, like == nil else {
        throw ValidationError("--rest: expected with --method sketch, without --like")
      }
    }
    if like != nil {
      guard case .neurons(.sketch) = method else {
        throw ValidationError("--like: expected with --method sketch")
      }
      guard fetch >= 1, fetch.isFinite else {
        throw ValidationError("--fetch \(fetch): expected 1 or more")
      }
    }
    do {
      try options(tokens: 64, seed: 1)?.validate()
      _ = try inputOptions(tokens: 64)
      _ = try planTarget()
    } catch let error as SparrowError {
      throw ValidationError("--" + error.description)
    }
  }

  /// nil where every layer is sparse at the options' density. Throws `.argument` for what is no target.
  func planTarget() throws(SparrowError) -> PlanTarget? {
    everyLayer ? nil : try PlanTarget(target)
  }

  /// The density that the target names.
  private func targetDensity(for option: String) throws(SparrowError) -> Float {
    guard case .density(let density) = try PlanTarget(target) else {
      throw SparrowError(
        .argument, field: "target", found: target, expected: "density=0.5 with \(option)")
    }
    return density
  }

  /// nil unless the method is about inputs.
  func inputOptions(tokens: Int) throws -> InputCalibration.Options? {
    guard case .teal = method else { return nil }
    return InputCalibration.Options(
      tokens: tokens, density: try targetDensity(for: "--method teal"),
      allocation: try Self.choice(allocation, "--allocation"))
  }

  /// nil unless the method is about neurons, which in some models `firesRarely`.
  func options(
    tokens: Int, seed: UInt64, firesRarely: Bool = false
  ) throws -> FeedForwardCalibration.Options? {
    guard case .neurons(let method) = method else { return nil }
    var options = FeedForwardCalibration.Options()
    options.method = method
    options.tokens = tokens
    options.seed = seed
    options.rank = neuronRank
    let types: [ElementType] = [.f16, .q8_0, .q4_0]
    guard let type = types.first(where: { $0.rawValue == maps }) else {
      throw ValidationError("--maps \(maps): expected one of f16, q8_0, q4_0")
    }
    options.mapType = type
    options.lookahead = lookahead
    options.groupSize = groupSize
    options.grouping = try Self.choice(grouping, "--grouping")
    if everyLayer { options.density = try targetDensity(for: "--every-layer") }
    options.choose(
      rest: try rest.map { try Self.choice($0, "--rest") },
      coding: try neuronSketch.map { try Self.choice($0, "--neuron-sketch") },
      firesRarely: firesRarely, target: like == nil ? try planTarget() : nil)
    return options
  }
}
