#if Training
  internal import SparrowCore
  internal import SparrowFormats
  internal import SparrowTransformer

  extension TrainingState {
    /// Reads what `write` wrote, for these stages and a model of these parameters, of which only
    /// shapes matter.
    ///
    /// Throws `.mismatch` where another run wrote it, and `.malformed` for what no run of these
    /// stages writes.
    init(
      folder: String, run: JSON, stages: [TrainingStage], parameters: Parameters
    ) throws(SparrowError) {
      let path = folder + "/" + Self.countersName
      let json = try JSON.parse(try MappedFile(path: path))
      guard json["run"] == run else {
        throw SparrowError(
          .mismatch, file: path, field: "run", found: "a checkpoint of another run",
          expected: "the same model, text and options, or another --output")
      }
      func value<Value>(
        _ name: String, _ expected: String, _ read: (JSON) -> Value?
      ) throws(SparrowError) -> Value {
        guard let value = json[name].flatMap(read) else {
          throw SparrowError(
            .malformed, file: path, field: name, found: json[name]?.text() ?? "nothing",
            expected: expected)
        }
        return value
      }
      func count(_ name: String, below limit: Int) throws(SparrowError) -> Int {
        try value(name, "a count below \(limit)") { json in
          json.int.flatMap { (0..<limit).contains($0) ? $0 : nil }
        }
      }
      func part(_ name: String) throws(SparrowError) -> Double {
        try value(name, "0 to 1") { json in
          json.double.flatMap { (0...1).contains($0) ? $0 : nil }
        }
      }
      let stage = try count("stage", below: stages.count)
      let before = stages[..<stage].reduce(0) { $0 + $1.steps }
      let stageStep = try count("stage_step", below: stages[stage].steps + 1)
      let step: Int = try value("step", "\(before + stageStep)") {
        $0.int == before + stageStep ? before + stageStep : nil
      }
      let lists = try Self.lists(folder + "/" + Self.tensorsName, stages[stage], parameters)
      self.init(parameters: lists[0], first: lists[1], second: lists[2], resting: lists[3])
      (self.step, self.stage, self.stageStep) = (step, stage, stageStep)
      position = BatchReader.Position(
        epoch: try count("epoch", below: 1 << 32), index: try count("row", below: 1 << 32))
      if let controller = stages[stage].pressure.controller {
        let density = json["density"]?.isNull == true ? nil : try part("density")
        self.controller = try value("integral", "a number that the controller reaches") { json in
          json.double.flatMap { try? controller.resumed(integral: $0, density: density) }
        }
        if json["last_density"] != nil { lastDensity = Tensor(Float(try part("last_density"))) }
      }
    }

    /// What learns, its moments, and what rests. Throws `.malformed` where they are not the model's
    /// tensors.
    private static func lists(
      _ path: String, _ stage: TrainingStage, _ parameters: Parameters
    ) throws(SparrowError) -> [Parameters] {
      let checkpoint = try Checkpoint.open(path)
      var lists: [Parameters] = []
      for part in Part.allCases {
        var list: [String: Tensor] = [:]
        for name in parameters.names where stage.learns(name) == (part != .resting) {
          let shape = parameters[name]!.shape
          let entry = checkpoint[part.rawValue + name]
          guard let entry, entry.shape == shape else {
            throw SparrowError(
              .malformed, file: path, field: part.rawValue + name,
              found: entry.map { "shape \($0.shape)" } ?? "nothing", expected: "shape \(shape)")
          }
          list[name] = Tensor(try checkpoint.floats(entry), shape: shape)
        }
        lists.append(Parameters(list))
      }
      return lists
    }
  }
#endif
