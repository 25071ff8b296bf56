import ArgumentParser
import SparrowBlocks
import SparrowCalibration
import SparrowCore
import SparrowSparsity

/// `sparrow calibrate networks`: feed-forward networks, by predictors of their neurons.
struct CalibrateNetworksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "networks",
    abstract: "Make feed-forward networks sparse.",
    usage: "sparrow calibrate networks [<options>] <model> --text <text>",
    discussion: """
      Examples:
        sparrow calibrate networks m.gguf --target perplexity=1.03 --text a.txt
        sparrow calibrate networks run/model --like run/adapter --text a.txt
        sparrow calibrate networks m.gguf --method exact --groups 32 --grouping weights \\
          --every-layer --target density=0.5 --text a.txt --output moefication
        sparrow calibrate networks relu.gguf --method low-rank --lookahead \\
          --text a.txt

      Predictors are fitted to what the text shows; layers that do not pay stay dense.
      """)

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What picks neurons: sketch, low-rank, router, magnitude or exact.",
      discussion: """
        sketch is HiRE's cheap copy of the weights, low-rank Deja Vu's two maps, router LTE's one, \
        magnitude CATS' exact gate; exact is for comparison: with --groups 32 --grouping weights \
        it is MoEfication with an oracle for a router.
        """),
    transform: word(of: "--method"))
  var method = FeedForwardCalibration.Options().method

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What layers' densities are chosen for: perplexity=1.03 or density=0.5.",
      discussion: """
        The fastest plan at most that many times the dense perplexity, or the most faithful plan \
        of that mean density.
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
      "How a sketch keeps rows: int4, int5, product, low-rank or low-rank-int4.",
      discussion: """
        (default: int5 where it estimates the neurons that are not selected, else int4)
        """),
    transform: word(of: "--sketch"))
  var sketch: SketchCoding?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What neurons give that are not selected: nothing, estimate or sketch.",
      discussion: """
        estimate is the sketch's own activation: gate and up are read sparsely, down whole; sketch \
        keeps a copy of down too, in layers where that is smaller than down, and reads all three \
        sparsely. (default: sketch for an int4 or int5 sketch with a perplexity as target, but for \
        networks like ReLU's whose neurons are mostly zero; else nothing)
        """),
    transform: word(of: "--rest"))
  var rest: FeedForwardCalibration.Rest?

  @Option(
    parsing: .unconditional,
    help: "Directions of low-rank sketches and maps; 0 is a quarter of the width.")
  var rank = FeedForwardCalibration.Options().rank

  @Option(
    parsing: .unconditional, help: "How linear maps are kept: f16, q8_0 or q4_0.",
    transform: word(of: "--maps"))
  var maps = MapType.f16

  @Flag(help: "Let linear maps read the input of the layer before.")
  var lookahead = false

  @Option(
    parsing: .unconditional,
    help: "Neurons selected together: 1, 4, 8, 16 or 32. More than 1 is for trained models.")
  var groups = FeedForwardCalibration.Options().groupSize

  @Option(
    parsing: .unconditional, help: "What groups are made by: natural, weights or activity.",
    transform: word(of: "--grouping"))
  var grouping = FeedForwardCalibration.Options().grouping

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "An adapter of sparrow train topk: sketches take over its layers, groups, common path and k.",
      discussion: "For the model that was trained, with --method sketch. --target is not read."),
    completion: .directory)
  var like: String?

  @Option(
    parsing: .unconditional,
    help: "With --like: groups that a sketch fetches for a token, as a multiple of k.")
  var candidatesPerK = 1.5

  enum MapType: String, CaseIterable { case f16, q8_0, q4_0 }

  func validate() throws {
    // Of an adapter that is not read yet.
    try calibration.validate(
      Calibration.Request(
        networks: try options(like == nil ? nil : .learnt([:], candidatesPerK: candidatesPerK))))
  }

  private func options(
    _ learnt: FeedForwardCalibration.Layers?
  ) throws(SparrowError) -> FeedForwardCalibration.Options {
    var options = FeedForwardCalibration.Options()
    options.method = method
    options.tokens = calibration.tokens
    options.seed = calibration.seed
    options.coding = sketch
    options.rest = rest
    options.rank = rank
    options.mapType = ElementType(rawValue: maps.rawValue)!
    options.lookahead = lookahead
    options.groupSize = groups
    options.grouping = grouping
    let target = try PlanTarget(target)
    options.layers = learnt ?? (everyLayer ? .all : .target(target))
    if everyLayer { options.density = try target.density(for: "--every-layer") }
    return options
  }

  func run() throws {
    let learnt = try like.map { folder throws(SparrowError) in
      let plan = try calibration.read(folder).plan
      return FeedForwardCalibration.Layers.learnt(plan.networks, candidatesPerK: candidatesPerK)
    }
    try calibration.run(Calibration.Request(networks: try options(learnt)))
  }
}
