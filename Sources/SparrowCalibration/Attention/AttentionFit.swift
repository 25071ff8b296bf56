internal import SparrowBlocks
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// One layer's fitted head predictor, and what it finds on the held-out samples.
struct AttentionFit {
  let layer: Int
  let plan: AttentionPlan
  /// Head groups, and how many of them a token touches.
  let groups: Int
  let kept: Int
  /// As `AttentionCalibration.LayerReport` has them.
  let recall: Float
  let loss: Float

  /// `before` is the record of the layer before, for a predictor that looks ahead. The layer has
  /// several groups.
  init(
    _ layer: Int, _ record: AttentionRecorder.Layer, before: AttentionRecorder.Layer?,
    samples: Int, options: AttentionCalibration.Options, pool: WorkerPool
  ) throws(SparrowError) {
    let groups = record.groups
    let source = before ?? record
    let isLowRank = options.rank > 0 && options.rank < groups
    let targets = TargetMoments(
      sizesOf: record.cross, lengths: Array(repeating: 1, count: groups), groupSize: 1, order: [])
    let maps = try LinearFit(inputs: source.moments, pool: pool).predictor(
      of: targets, rank: isLowRank ? options.rank : nil, type: .f16)
    self.init(
      layer, maps, inputs: source.inputs, lengths: record.lengths, samples: samples,
      density: options.density, isLookahead: before != nil, pool: pool)
  }

  /// Of maps that are there: two, or one to logits. `inputs` is `[samples, hidden]`, `lengths`
  /// `[samples, groups]`.
  init(
    _ layer: Int, _ maps: LinearPredictor, inputs: FloatRows, lengths: FloatRows, samples: Int,
    density: Float, isLookahead: Bool, pool: WorkerPool
  ) {
    self.layer = layer
    groups = lengths.columns
    kept = min(max(1, Int((density * Float(groups)).rounded())), groups - 1)
    plan = AttentionPlan(
      predictor: maps.a == nil ? .router(maps) : .lowRank(maps), selector: .topK(kept),
      lookahead: isLookahead, density: Float(kept) / Float(groups))
    let scores = LinearPrediction.scores(maps, inputs: inputs, samples: samples, pool: pool)
    (recall, loss) = Self.measure(scores, lengths, samples: samples, kept: kept)
  }

  var density: Float { Float(kept) / Float(groups) }

  /// Of the groups of the greatest scores; both are `[samples, groups]`.
  static func measure(
    _ scores: FloatRows, _ lengths: FloatRows, samples: Int, kept: Int
  ) -> (recall: Float, loss: Float) {
    var found = 0
    var lost: Float = 0
    for sample in 0..<samples {
      func top(_ rows: FloatRows) -> ArraySlice<Int> {
        (0..<rows.columns).sorted { rows[sample][$0] > rows[sample][$1] }.prefix(kept)
      }
      func energy(_ groups: some Sequence<Int>) -> Float {
        groups.reduce(0) { $0 + lengths[sample][$1] * lengths[sample][$1] }
      }
      let selected = top(scores)
      let greatest = Set(top(lengths))
      found += selected.count { greatest.contains($0) }
      let all = energy(0..<lengths.columns)
      if all > 0 { lost += 1 - energy(selected) / all }
    }
    let count = Float(max(samples, 1))
    return (Float(found) / (count * Float(kept)), lost / count)
  }
}
