#if Training
  import CSparrowKernels
  import SparrowBlocks
  import SparrowCore
  import SparrowFormats
  import SparrowSparsity
  import SparrowTestSupport
  import Testing

  @testable import SparrowTraining

  extension MLXTests {
    /// What every recipe learns in a few steps, to the bit.
    ///
    /// `Tests/Fixtures/training/runs.json` holds each step's loss, hashes of the last checkpoint
    /// and of what is written, and the run's identity, which a resumed run must share.
    /// `SPARROW_WRITE_RUNS=FILE` writes it anew: only a change that is meant to change what runs
    /// compute may do so.
    @Suite struct RunBitsTests {
      private let tiny: TinyRun

      init() throws { tiny = try TinyRun() }

      @Test(arguments: RunKind.allCases) func runsAreTheSameBits(kind: RunKind) throws {
        let known = try JSON.parse(contents(of: Fixtures.path("training/runs.json")))
        let wanted = try #require(known[kind.rawValue])
        let found = try run(kind)
        #expect(found["identity"] == wanted["identity"])
        if known["isa"]?.string == String(cString: sk_isa()) {
          #expect(found == wanted)
        } else {
          let pairs = zip(found["losses"]!.array!, wanted["losses"]!.array!)
          for (loss, known) in pairs { #expect(abs(loss.double! - known.double!) < 1e-3) }
        }
      }

      @Test("writes the runs anew", .enabled(if: environment("SPARROW_WRITE_RUNS") != nil))
      func write() throws {
        var members = [("isa", JSON.string(String(cString: sk_isa())))]
        for kind in RunKind.allCases { members.append((kind.rawValue, try run(kind))) }
        let text = JSON.object(members).text(indent: 1) + "\n"
        try Files.write(Array(text.utf8), to: try #require(environment("SPARROW_WRITE_RUNS")))
      }

      private func run(_ kind: RunKind) throws -> JSON {
        TensorDevice.setCompiling(false)
        var options = tiny.options(kind.rawValue)
        options.trainer.evaluateEvery = 2
        options.trainer.accumulation = kind == .lte ? 2 : 1
        options.trainer.isCheckpointed = kind == .topK
        let run = try TrainingRun(
          model: try tiny.model(kind.model), recipe: kind.recipe(tiny),
          options: options)
        var losses: [JSON] = []
        let result = try run.run(
          progress: .none,
          report: { line, _ in
            losses += [line.loss, line.heldOutLoss].compactMap { $0.map(JSON.number) }
          },
          shouldStop: { false })
        let checkpoint = try #require(
          try CheckpointFolder(path: options.output + "/checkpoints").latest?.path)
        let state = try JSON.parse(contents(of: checkpoint + "/state.json"))
        var members: [(String, JSON)] = [
          ("identity", state["run"]?["recipe"] ?? .null),
          ("stages", state["run"]?["stages"] ?? .null),
          ("losses", .array(losses)),
          ("state", .string(try hash(checkpoint + "/state.safetensors"))),
        ]
        if kind.isWritten {
          let written = try run.write(result, progress: .none)
          for (name, path) in [
            ("model", written.model.map { $0 + "/model.safetensors" }),
            ("tensors", written.adapter.map { $0 + "/adapter.safetensors" }),
          ] {
            if let path, Files.isFile(path) { members.append((name, .string(try hash(path)))) }
          }
        }
        return .object(members)
      }

      private func hash(_ path: String) throws -> String {
        var hash = SHA256()
        try Files.read(path).withUnsafeBytes { hash.update($0) }
        return String(hash.hexDigest().prefix(16))
      }
    }
  }

  /// Runs that differ in what learns.
  enum RunKind: String, CaseIterable {
    case lte, lteOfThePaper, lteByUpdates, lteFromAStart, topK, topKOfNeurons, relu
    case networks, attention, head, predictorsFromAStart

    var model: String {
      switch self {
      case .lteByUpdates: "gemma3"
      case .topKOfNeurons: "opt"
      case .relu: "qwen3"
      case .attention: "gpt2"
      default: "smollm2"
      }
    }

    /// Calibration has a part in what predictors are written as.
    var isWritten: Bool {
      switch self {
      case .networks, .attention, .head, .predictorsFromAStart: false
      default: true
      }
    }

    func recipe(_ tiny: TinyRun) throws -> any Recipe {
      switch self {
      case .lte, .lteOfThePaper, .lteByUpdates, .lteFromAStart:
        var recipe = LTERecipe()
        (recipe.groupSize, recipe.steps, recipe.warmUp, recipe.rate) = (8, 6, 1, 1e-2)
        if self == .lteOfThePaper {
          (recipe.isSoft, recipe.separation, recipe.distillation, recipe.task) = (true, 0.5, 0, 1)
        }
        if self == .lteByUpdates {
          (recipe.loraRank, recipe.local, recipe.routerRate) = (4, 0.2, 1e-3)
        }
        if self == .lteFromAStart {
          recipe.start = try RouterStart(start(tiny))
          recipe.ramp = 0.5
        }
        return recipe
      case .topK, .topKOfNeurons:
        var recipe = TopKRecipe()
        (recipe.steps, recipe.warmUp, recipe.rate) = (4, 1, 1e-2)
        if self == .topK {
          (recipe.groupSize, recipe.common, recipe.layers) = (8, 0.125, .odd)
          recipe.sketchRank = 32
        }
        return recipe
      case .relu:
        var recipe = ReLURecipe()
        (recipe.steps, recipe.warmUp, recipe.rate, recipe.penalty) = (4, 1, 1e-2, 2)
        return recipe
      case .networks, .attention, .head, .predictorsFromAStart:
        var recipe = PredictorRecipe()
        (recipe.rank, recipe.steps, recipe.warmUp, recipe.rate) = (32, 4, 1, 1e-2)
        recipe.part = self == .attention ? .attention : self == .head ? .head : .networks
        recipe.lookahead = self == .networks
        if self == .predictorsFromAStart {
          recipe.start = try PredictorStart(start(tiny), part: .networks)
        }
        return recipe
      }
    }

    /// An adapter with random predictors, 2 layers of 64 neurons, 96 hidden.
    private func start(_ tiny: TinyRun) throws -> String {
      func matrix(_ rows: Int, _ columns: Int, _ seed: UInt64) throws -> PredictorMatrix {
        let values = Tensor.normal([rows, columns], key: .randomKey(seed))
        return PredictorMatrix(
          rows: rows, columns: columns, type: .f16, bytes: try values.cast(.float16).bytes())
      }
      var plans: [Int: FeedForwardPlan] = [:]
      for layer in 0..<2 {
        let seed = UInt64(10 * layer)
        let predictor: FeedForwardPlan.Predictor =
          self == .lteFromAStart
          ? .router(
            LinearPredictor(a: nil, b: try matrix(8, 96, seed), bias: (0..<8).map(Float.init)))
          : .lowRank(
            LinearPredictor(
              a: try matrix(32, 96, seed), b: try matrix(64, 32, seed + 1),
              bias: (0..<64).map(Float.init)))
        plans[layer] =
          self == .lteFromAStart
          ? FeedForwardPlan(
            predictor: predictor, selector: .topK(6), groupSize: 8,
            order: (0..<64).map { $0 * 5 % 64 }, density: 0.75)
          : FeedForwardPlan(predictor: predictor, selector: .topK(32))
      }
      let path = tiny.folder.file("start " + rawValue)
      try Adapter(
        baseHash: try Checkpoint.open(tiny.model("smollm2")).contentHash(),
        baseName: "start", plan: SparsePlan(networks: plans)
      ).write(to: path)
      return path
    }
  }
#endif
