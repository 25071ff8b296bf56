#if Training
  internal import Sparrow
  internal import SparrowCalibration
  package import SparrowCore
  internal import SparrowFormats
  internal import SparrowSparsity
  internal import SparrowTransformer

  extension TrainingRun {
    /// Where a run's results lie; nil for what it has not.
    package struct Written {
      /// The trained model: a folder that Sparrow and transformers read.
      package var model: String?
      /// The same as a GGUF file in Q8_0, where the model came from one.
      package var gguf: String?
      /// The plan with its routers, for the GGUF file or else the folder; with low-rank updates for the
      /// model that training began with.
      package var adapter: String?
    }

    /// Writes the trained model and its adapter into the run's folder.
    ///
    /// Low-rank updates leave the model as it was, and only an adapter is written. Throws what evaluating
    /// and writing throw.
    package func write(
      _ result: Result, progress: (Int, Int) throws(SparrowError) -> Void
    ) throws(SparrowError) -> Written {
      var written = Written()
      var base = checkpoint
      let isUpdate = result.parameters.names.contains(where: LoRA.isFactor)
      if !isUpdate {
        let writer = try ModelWriter(
          description.binding, configuration: result.configuration)
        let values = { (role: WeightRole) throws(SparrowError) -> [Float] in
          try result.parameters[role.parameterName]!.floats()
        }
        let folder = options.output + "/model"
        try writer.writeHuggingFace(to: folder, type: .bf16, values: values, progress: progress)
        written.model = folder
        base = try Checkpoint.open(folder)
        if checkpoint.kind == .gguf {
          let file = options.output + "/model-q8_0.gguf"
          try writer.writeGGUF(to: file, type: .q8_0, values: values, progress: progress)
          written.gguf = file
          base = try Checkpoint.open(file)
        }
      }
      var adapter = Adapter(
        baseHash: base.contentHash(),
        baseName: base.path.split(separator: "/").last.map(String.init) ?? base.path)
      adapter.plan.networks = try plans(result, keepsOrder: isUpdate)
      if isUpdate { adapter.updates.matrices = try updates(result) }
      if !adapter.plan.networks.isEmpty || isUpdate {
        let folder = options.output + "/adapter"
        try adapter.write(to: folder)
        written.adapter = folder
      }
      return written
    }

    /// Routers as plans, and top-k with its learnt sketch or by what its oracle sees. Neurons lie in their
    /// groups in a written model; in the base of updates they do not.
    private func plans(
      _ result: Result, keepsOrder: Bool
    ) throws(SparrowError) -> [Int: FeedForwardPlan] {
      var plans: [Int: FeedForwardPlan] = [:]
      for (layer, mode) in result.networks.enumerated() {
        if case .topK(let size, let kept, let common) = mode {
          let width = result.configuration.layers[layer].feedForward.width
          let groups = width / size
          let plan = FeedForwardPlan(
            predictor: .exact, selector: .topK(kept), groupSize: size, kept: .topK(kept),
            common: (0..<Int32(common)).map { $0 },
            density: Float(kept + common) / Float(groups))
          plans[layer] = plan
          if case .topK(let recipe) = recipe, let sketch = try sketch(result, layer: layer) {
            plans[layer] = try plan.fetching(
              recipe.candidates, by: .sketch(sketch), neurons: width)
          }
        }
        guard mode.hasRouter, let size = mode.groupSize,
          let router = result.parameters[ParameterName.router(layer)],
          let bias = result.parameters[ParameterName.routerBias(layer)]
        else { continue }
        let maps = LinearPredictor(a: nil, b: try router.half(), bias: try bias.floats())
        plans[layer] = FeedForwardPlan(
          predictor: .router(maps), selector: .threshold(NetworkMode.threshold), groupSize: size,
          order: keepsOrder && !result.orders.isEmpty ? result.orders[layer] : [])
      }
      return plans
    }

    /// What was learnt beside the model as the engine reads it: gate's rows, and up's from the next whole block on;
    /// nil without.
    private func sketch(_ result: Result, layer: Int) throws(SparrowError) -> RowSketch? {
      guard let down = result.parameters[ParameterName.sketchDown(layer)],
        let up = result.parameters[ParameterName.sketchUp(layer)]
      else { return nil }
      let network = result.configuration.layers[layer].feedForward
      let rank = down.shape[0]
      let kinds: [WeightRole.Kind] = network.gated ? [.gate, .up] : [.up]
      let step = network.gated ? FeedForwardPlan.paddedNeurons(network.width) : network.width
      var rows = [Float](repeating: 0, count: kinds.count * step * rank)
      var bias = [Float](repeating: 0, count: kinds.count * step)
      let learnt = try up.floats()
      for (index, kind) in kinds.enumerated() {
        let own = learnt[index * network.width * rank..<(index + 1) * network.width * rank]
        rows.replaceSubrange(index * step * rank..<index * step * rank + own.count, with: own)
        let role = kind.bias.map { WeightRole($0, layer: layer).parameterName }
        if let values = try role.flatMap({ result.parameters[$0] })?.floats() {
          bias.replaceSubrange(index * step..<index * step + values.count, with: values)
        }
      }
      return try RowSketch(
        basis: down.floats(), rows: rows, rank: rank, hidden: result.configuration.hidden,
        bias: bias)
    }

    /// LoRA's factors, their neurons in the base's order again.
    private func updates(
      _ result: Result
    ) throws(SparrowError) -> [WeightRole: LowRankUpdate] {
      var updates: [WeightRole: LowRankUpdate] = [:]
      for role in description.binding.roles {
        guard var down = result.parameters[ParameterName.down(role.parameterName)],
          var up = result.parameters[ParameterName.up(role.parameterName)]
        else { continue }
        if let layer = role.layer, result.orders.indices.contains(layer) {
          let order = result.orders[layer]
          var places = [Int32](repeating: 0, count: order.count)
          for (place, neuron) in order.enumerated() { places[Int(neuron)] = Int32(place) }
          let back = Tensor(integers: places)
          switch role.kind {
          case .gate, .up: up = up.taking(back, axis: 0)
          case .down: down = down.taking(back, axis: 1)
          default: break
          }
        }
        updates[role] = LowRankUpdate(
          a: try down.half(), b: try up.half(), scale: LoRA.scale)
      }
      return updates
    }
  }

  extension Tensor {
    /// A matrix in float16.
    fileprivate func half() throws(SparrowError) -> PredictorMatrix {
      PredictorMatrix(
        rows: shape[0], columns: shape[1], type: .f16, bytes: try cast(.float16).bytes())
    }
  }
#endif
