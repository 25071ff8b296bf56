internal import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

// The sparse operations: predict, select, touch.

extension Reference {
  // MARK: - Heads

  func predictHeads(
    _ step: inout Step, _ attention: AttentionDescription, _ input: Operation.Buffer, _ layer: Int
  ) {
    guard let plan = plan.attention[layer] else { return }
    if let maps = plan.maps {
      step.headGroupScores[layer] = maps.scores(step[input])
    } else {
      let width = attention.groupWidth
      step.headGroupScores[layer] = step[input].chunks(of: width).map { output in
        output.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
    }
  }

  func selectHeads(_ step: inout Step, _ layer: Int) {
    guard step.selected.headGroups[layer] == nil, let plan = plan.attention[layer] else { return }
    step.selected.headGroups[layer] =
      plan.scoreSelector.select(step.headGroupScores[layer] ?? []).indices
  }

  // MARK: - Networks

  /// Scores of groups where linear maps give those, else of neurons.
  func predict(
    _ step: inout Step, _ network: FeedForwardDescription, _ input: Operation.Buffer, _ layer: Int
  ) {
    guard let plan = plan.networks[layer],
      step.selected.neurons[layer] == nil || plan.isRestEstimated
    else { return }
    let x = step[input]
    switch plan.predictor {
    case .lowRank(let maps), .router(let maps): step.scores[layer] = maps.scores(x)
    case .sketch(let sketch):
      let products = sketch.scores(x, withMean: true)
      let second = FeedForwardPlan.paddedNeurons(network.width)
      let estimates = (0..<network.width).map { neuron in
        network.activation.value(products[neuron])
          * (network.gated ? products[second + neuron] : 1)
      }
      step.estimates[layer] = estimates
      step.scores[layer] = estimates.map(abs)
    case .gate:
      let gate = multiply(WeightRole(.gate, layer: layer), x)
      step.scores[layer] = gate.map { abs(network.activation.value($0)) }
    case .exact: step.scores[layer] = activations(network, layer, x).map(abs)
    }
  }

  /// The neurons of the groups with the best scores, and of the common path.
  func select(_ step: inout Step, _ network: FeedForwardDescription, _ layer: Int) {
    guard step.selected.neurons[layer] == nil, let plan = plan.networks[layer],
      let scores = step.scores[layer]
    else { return }
    var groups = plan.maps == nil ? plan.sums(scores) : scores
    for group in plan.common { groups[Int(group)] = .nan }
    step.selected.neurons[layer] = plan.neurons(
      of: plan.scoreSelector.select(groups).indices + plan.common)
  }

  /// The selected neurons' exact activations, what stands for the others, or zeros, `[width]`.
  func sparseActivations(
    _ step: inout Step, _ network: FeedForwardDescription, _ layer: Int, _ x: [Float]
  ) -> [Float] {
    guard let plan = plan.networks[layer] else { return [] }
    let exact = activations(network, layer, x)
    var result = [Float](repeating: 0, count: network.width)
    if plan.isRestEstimated { result = step.estimates[layer] ?? result }
    for neuron in plan.kept(of: step.selected.neurons[layer] ?? [], exact) {
      result[Int(neuron)] = exact[Int(neuron)]
    }
    return result
  }

  /// Down over the activations; of neurons that are not selected by down's sketch where there is
  /// one.
  func down(_ neurons: [Float], _ step: Step, _ layer: Int) -> [Float] {
    let role = WeightRole(.down, layer: layer)
    guard let rest = plan.networks[layer]?.rest, rest != .nothing else {
      return multiply(role, neurons)
    }
    guard case .sketch(let sketch) = rest else { return multiply(role, rounding(neurons)) }
    let selected = Set(step.selected.neurons[layer] ?? [])
    let own = neurons.indices.map { selected.contains(Int32($0)) ? neurons[$0] : 0 }
    let others = zip(neurons, own).map { $0 - $1 }
    return zip(multiply(role, own), product(sketch.values, rounding(others), nil)).map { $0 + $1 }
  }

  // MARK: - Inputs

  /// An input with zeros for all that the plan's threshold leaves out.
  func large(_ step: inout Step, _ source: InputSource, _ x: [Float]) -> [Float] {
    let least = plan.inputs[source.layer]?.thresholds[source.input]?.value ?? -1
    let kept =
      step.selected.inputs[source] ?? x.indices.filter { abs(x[$0]) > least }.map(Int32.init)
    step.selected.inputs[source] = kept
    var result = [Float](repeating: 0, count: x.count)
    for index in kept { result[Int(index)] = x[Int(index)] }
    return result
  }

  // MARK: - The vocabulary head (HiRE-Softmax)

  /// The k' rows with the best scores, ascending; nil where scores are no numbers: the dense head
  /// decides.
  func candidates(_ scores: [Float]) -> [Int32]? {
    guard let head = plan.head else { return nil }
    let wanted = min(head.plan.candidates, scores.count)
    let best = scores.filter { !$0.isNaN }.sorted(by: >)
    guard best.count >= wanted, wanted > 0 else { return nil }
    return head.rows(of: scores, from: best[wanted - 1])
  }

  /// Exact logits of the candidates, then of all rows whose score the sketch's deviation cannot
  /// rule out.
  func exact(_ step: inout Step, _ input: Operation.Buffer) {
    let x = step[input]
    let all = product(weights[model.headRole]!, x, nil)
    guard let head = plan.head, let first = step.candidates else {
      (step.candidates, step.logits) = (nil, all.map(finished))
      return
    }
    let frontier = first.map { all[Int($0)] }.sorted(by: >)[min(head.recall.rank, first.count) - 1]
    let spread = head.sketch.deviation * head.sketch.length(x)
    let floor = frontier - dot(head.sketch.meanRow, x) - head.recall.doubt * spread
    let threshold = first.map { step.sketch[Int($0)] }.min() ?? 0
    if !(floor >= threshold) { step.candidates = head.rows(of: step.sketch, from: floor) }
    step.logits = (step.candidates.map { $0.map { all[Int($0)] } } ?? all).map(finished)
  }
}

extension SketchedVocabulary {
  /// Rows with scores from `floor` on, ascending; nil where they are so many that the dense head is
  /// cheaper.
  fileprivate func rows(of scores: [Float], from floor: Float) -> [Int32]? {
    let rows = scores.indices.filter { scores[$0] >= floor }.map(Int32.init)
    let most = VocabularySearch(self).capacity
    return rows.isEmpty || rows.count > most ? nil : rows
  }
}

extension FeedForwardPlan {
  /// The neuron at a place.
  private func neuron(_ place: Int) -> Int { order.isEmpty ? place : Int(order[place]) }

  /// Sums of the neurons' sizes by group.
  fileprivate func sums(_ sizes: [Float]) -> [Float] {
    (0..<sizes.count / groupSize).map { group in
      (group * groupSize..<(group + 1) * groupSize).reduce(0) { $0 + sizes[neuron($1)] }
    }
  }

  fileprivate func neurons(of groups: [Int32]) -> [Int32] {
    groups.flatMap { group in
      (Int(group) * groupSize..<(Int(group) + 1) * groupSize).map { Int32(neuron($0)) }
    }.sorted()
  }

  /// HiRE's second stage: of the candidates those that their exact activations choose, and the
  /// common path.
  fileprivate func kept(of candidates: [Int32], _ exact: [Float]) -> [Int32] {
    func size(_ neuron: Int32) -> Float { abs(exact[Int(neuron)]) }
    switch kept {
    case nil: return candidates
    case .threshold(let least): return candidates.filter { !(size($0) < least) }
    case let selector?:
      let groups = predictedGroups(width: exact.count)
      var sums: [Int32: Float] = [:]
      for neuron in candidates where groups[Int(neuron)] >= 0 {
        sums[groups[Int(neuron)], default: 0] += size(neuron)
      }
      let found = sums.keys.sorted()
      let chosen = Set(selector.select(found.map { sums[$0]! }).indices.map { found[Int($0)] })
      return candidates.filter {
        groups[Int($0)] < 0 || chosen.contains(groups[Int($0)])
      }
    }
  }
}
