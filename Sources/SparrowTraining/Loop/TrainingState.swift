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
    /// The last step's density, which the controller has yet to see.
    var lastDensity: Tensor?

    /// Prefixes of names in the file of tensors.
    enum Part: String, CaseIterable {
      case parameter = "parameter."
      case first = "first."
      case second = "second."
      case resting = "resting."
    }

    static let tensorsName = "state.safetensors"
    static let countersName = "state.json"

    /// Writes two files into a checkpoint's folder.
    func write(to folder: String, run: JSON) throws(SparrowError) {
      var writer = SafetensorsWriter()
      for (part, list) in zip(Part.allCases, [parameters, first, second, resting]) {
        for name in list.names {
          let tensor = list[name]!
          try writer.add(
            name: part.rawValue + name, shape: tensor.shape, floats: try tensor.floats())
        }
      }
      try writer.write(to: folder + "/" + Self.tensorsName)
      var members: [(String, JSON)] = [
        ("step", .integer(step)), ("stage", .integer(stage)), ("stage_step", .integer(stageStep)),
        ("epoch", .integer(position.epoch)), ("row", .integer(position.index)),
      ]
      if let controller {
        members.append(("integral", .number(controller.integral)))
        members.append(("density", controller.density.map { .number($0) } ?? .null))
        if let lastDensity {
          members.append(("last_density", .number(Double(try lastDensity.value()))))
        }
      }
      members.append(("run", run))
      var file = try AtomicFile(path: folder + "/" + Self.countersName)
      try file.write(Array((JSON.object(members).text(indent: 2) + "\n").utf8))
      try file.commit()
    }

    /// Shows the controller the density of the step before, and keeps this one's for the next: it
    /// is read when the next step has been started, so that nothing waits for it.
    mutating func steer(density: Tensor) throws(SparrowError) {
      guard controller != nil else { return }
      if let lastDensity { controller?.update(density: Double(try lastDensity.value())) }
      lastDensity = density
    }

    init(parameters: Parameters, first: Parameters, second: Parameters, resting: Parameters) {
      self.parameters = parameters
      self.first = first
      self.second = second
      self.resting = resting
    }
  }
#endif
