#if Training
  internal import SparrowCore
  internal import SparrowFormats
  internal import SparrowTransformer

  /// All that the next step depends on, and that a checkpoint keeps.
  struct TrainingState {
    /// Steps done in all stages, and in this one.
    var step = 0
    var stageStep = 0
    var stage = 0
    /// What learns in this stage, with Adam's moments.
    var parameters: Parameters
    var first: Parameters
    var second: Parameters
    /// What does not learn in this stage, but did or will in another.
    var resting: Parameters
    var position = BatchReader.Position()
    var controller: DensityController?

    private static let tensorsName = "state.safetensors"
    private static let countersName = "state.json"

    /// Writes two files into a checkpoint's folder.
    func write(to folder: String, run: JSON) throws(SparrowError) {
      var writer = SafetensorsWriter()
      for (part, list) in [
        ("parameter.", parameters), ("first.", first), ("second.", second), ("resting.", resting),
      ] {
        for name in list.names {
          let tensor = list[name]!
          try writer.add(name: part + name, shape: tensor.shape, floats: try tensor.floats())
        }
      }
      try writer.write(to: folder + "/" + Self.tensorsName)
      var members: [(String, JSON)] = [
        ("step", .integer(step)), ("stage", .integer(stage)), ("stage_step", .integer(stageStep)),
        ("epoch", .integer(position.epoch)), ("row", .integer(position.index)),
      ]
      if let controller {
        members.append(("eta", .number(controller.eta)))
        members.append(("density", controller.density.map { .number($0) } ?? .null))
      }
      members.append(("run", run))
      var file = try AtomicFile(path: folder + "/" + Self.countersName)
      try file.write(Array((JSON.object(members).text(indent: 2) + "\n").utf8))
      try file.commit()
    }

    /// Reads what `write` wrote. Throws `.mismatch` where another run wrote it.
    init(folder: String, run: JSON, controllers: [DensityController?]) throws(SparrowError) {
      let path = folder + "/" + Self.countersName
      let json = try JSON.parse(try MappedFile(path: path))
      guard json["run"] == run else {
        throw SparrowError(
          .mismatch, file: path, field: "run", found: "a checkpoint of another run",
          expected: "the same model, text and options, or another --output")
      }
      func counter(_ name: String) throws(SparrowError) -> Int {
        guard let value = json[name]?.int, value >= 0 else {
          throw SparrowError(
            .malformed, file: path, field: name, found: json[name]?.text() ?? "nothing",
            expected: "a count")
        }
        return value
      }
      step = try counter("step")
      stage = try counter("stage")
      stageStep = try counter("stage_step")
      position = BatchReader.Position(epoch: try counter("epoch"), index: try counter("row"))
      guard controllers.indices.contains(stage) else {
        throw SparrowError(
          .malformed, file: path, field: "stage", found: "\(stage)",
          expected: "below \(controllers.count)")
      }
      controller = try controllers[stage]?.resumed(
        eta: json["eta"]?.double ?? .nan, density: json["density"]?.double)
      let checkpoint = try Checkpoint.open(folder + "/" + Self.tensorsName)
      var lists: [String: [String: Tensor]] = [:]
      for entry in checkpoint.tensors {
        let parts = entry.name.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { continue }
        lists[String(parts[0]), default: [:]][String(parts[1])] = Tensor(
          try checkpoint.floats(entry), shape: entry.shape)
      }
      parameters = Parameters(lists["parameter"] ?? [:])
      first = Parameters(lists["first"] ?? [:])
      second = Parameters(lists["second"] ?? [:])
      resting = Parameters(lists["resting"] ?? [:])
    }

    init(parameters: Parameters, first: Parameters, second: Parameters, resting: Parameters) {
      self.parameters = parameters
      self.first = first
      self.second = second
      self.resting = resting
    }
  }
#endif
