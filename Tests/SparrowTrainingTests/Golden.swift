#if Training
  import SparrowCore
  import SparrowFormats
  import SparrowTestSupport
  import SparrowTransformer
  import Testing

  @testable import SparrowTraining

  /// PyTorch's tensors of one loss, made by Scripts/make_training_fixtures.py.
  struct Golden {
    let checkpoint: Checkpoint

    init(_ name: String) throws {
      checkpoint = try Checkpoint.open(Fixtures.path("training/\(name).safetensors"))
    }

    /// The tensors of a tiny model.
    static func binding(_ name: String) throws -> WeightBinding {
      let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
      let configuration = try ModelConfiguration(
        huggingFace: try #require(checkpoint.config), file: name)
      return try WeightBinding(checkpoint: checkpoint, configuration: configuration)
    }

    func floats(_ name: String) throws -> [Float] {
      try checkpoint.floats(try #require(checkpoint[name], "\(name)"))
    }

    func has(_ name: String) -> Bool { checkpoint[name] != nil }

    func value(_ name: String) throws -> Float { try floats(name)[0] }

    func integers(_ name: String) throws -> [Int32] {
      let entry = try #require(checkpoint[name])
      return checkpoint.bytes(of: entry).withMemoryRebound(to: Int32.self) { Array($0) }
    }

    func tensor(_ name: String) throws -> Tensor {
      Tensor(try floats(name), shape: try #require(checkpoint[name]).shape)
    }

    /// `tokens` `[2, 17]` cut into inputs and targets, with the mask.
    func batch() throws -> Objective.Batch {
      let tokens = Tensor(integers: try integers("tokens"), shape: [2, 17])
      return Objective.Batch(
        tokens: tokens.slice(1, 0..<16), targets: tokens.slice(1, 1..<17),
        mask: try tensor("mask"))
    }

    /// Expects gradients (whole, or as weighted sums of rows and columns) by parameter.
    func expect(_ gradients: Parameters, of binding: WeightBinding) throws {
      var seen = 0
      for role in binding.roles {
        let source = try #require(binding[role])
        let name = source.entry.name
        guard let gradient = gradients[role.parameterName] else { continue }
        let found = try gradient.floats()
        seen += 1
        if has("rows." + name) {
          try expectSums(found, gradient.shape, name)
        } else {
          var whole = try floats("grad." + name)
          if gradient.shape.count == 2, source.transposed {
            let rows = source.entry.shape[1]
            whole = (0..<whole.count).map {
              whole[$0 % source.columns * rows + $0 / source.columns]
            }
          }
          let first = source.rows[0] * (gradient.shape.count == 2 ? source.columns : 1)
          expectClose(found, Array(whole[first..<first + found.count]), name)
        }
      }
      #expect(seen == binding.roles.count)
    }

    func expectSums(_ found: [Float], _ shape: [Int], _ name: String) throws {
      var rows = [Double](repeating: 0, count: shape[0])
      var columns = [Double](repeating: 0, count: shape[1])
      for i in 0..<shape[0] {
        for j in 0..<shape[1] {
          let value = Double(found[i * shape[1] + j])
          rows[i] += Double(1 + j % 3) * value
          columns[j] += Double(1 + i % 3) * value
        }
      }
      expectClose(rows.map(Float.init), try floats("rows." + name), "rows." + name)
      expectClose(columns.map(Float.init), try floats("columns." + name), "columns." + name)
    }
  }

  /// Expects a relative error below 1e-4 on the scale of the largest element.
  func expectClose(
    _ found: [Float], _ wanted: [Float], _ name: String, within: Float = 1e-4,
    at location: SourceLocation = #_sourceLocation
  ) {
    guard found.count == wanted.count else {
      Issue.record("\(name): \(found.count) values, not \(wanted.count)", sourceLocation: location)
      return
    }
    let scale = max(wanted.map(abs).max() ?? 0, 1e-3)
    let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
    #expect(worst / scale < within, "\(name): \(worst) of \(scale)", sourceLocation: location)
  }
#endif
