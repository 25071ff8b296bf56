internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics

/// What a layer loses at each density when the neurons of the greatest scores are kept.
struct Tradeoff {
  /// Densities measured, rising; the least are for estimates, which need hardly any exact
  /// activation.
  static let densities: [Float] = [0.01, 0.02] + (1...19).map { Float($0) * 0.05 }

  struct Point {
    var density: Float
    /// The score at which this part of all scores is kept.
    var threshold: Float
    /// Part of the output's energy, sum of (activation · |column|)², that the dropped neurons lose:
    /// theirs, or that of their estimates' errors.
    var loss: Float
    /// Part of the truly greatest neurons (as many as are kept) among the kept ones.
    var recall: Float
  }

  /// What stands for dropped neurons.
  struct Estimates {
    /// `[samples, neurons]`
    var activations: FloatRows
    /// Lengths of what down's columns differ by from those that the estimates are multiplied with,
    /// `[neurons]`; nil where they are the same.
    var errors: [Float]?
  }

  let points: [Point]

  /// `scores` and `activations` are `[samples, neurons]`, `lengths` those of down's columns.
  init(
    scores: FloatRows, activations: FloatRows, estimates: Estimates? = nil, lengths: [Float],
    samples: Int, pool: WorkerPool
  ) {
    let neurons = lengths.count
    var all = [Float](
      unsafeUninitializedCapacity: samples * neurons
    ) { target, count in
      for sample in 0..<samples {
        (target.baseAddress! + sample * neurons).update(from: scores[sample], count: neurons)
      }
      count = samples * neurons
    }
    all.sort(by: >)
    let thresholds = Self.densities.map { all[min(all.count - 1, Int($0 * Float(all.count)))] }
    let count = thresholds.count
    let losses = FloatRows(rows: samples, columns: count)
    let recalls = FloatRows(rows: samples, columns: count)
    pool.run { worker in
      var sizes = [Float](repeating: 0, count: neurons)
      var errors = sizes
      for sample in worker.share(of: samples) {
        var total: Float = 0
        for neuron in 0..<neurons {
          sizes[neuron] = abs(activations[sample][neuron]) * lengths[neuron]
          total += sizes[neuron] * sizes[neuron]
          let estimate = estimates?.activations[sample][neuron] ?? 0
          let error = (activations[sample][neuron] - estimate) * lengths[neuron]
          let other = estimate * (estimates?.errors?[neuron] ?? 0)
          errors[neuron] = error * error + other * other
        }
        let ranked = sizes.sorted(by: >)
        for (index, threshold) in thresholds.enumerated() {
          var kept = 0
          var lost: Float = 0
          for neuron in 0..<neurons {
            if scores[sample][neuron] >= threshold {
              kept += 1
            } else {
              lost += errors[neuron]
            }
          }
          losses[sample][index] = total > 0 ? lost / total : 0
          guard kept > 0 else { continue }
          let least = ranked[kept - 1]
          var found = 0
          for neuron in 0..<neurons where scores[sample][neuron] >= threshold {
            if sizes[neuron] >= least { found += 1 }
          }
          recalls[sample][index] = min(1, Float(found) / Float(kept))
        }
      }
    }
    points = (0..<count).map { index in
      func mean(_ rows: FloatRows) -> Float {
        (0..<samples).reduce(0) { $0 + rows[$1][index] } / Float(samples)
      }
      return Point(
        density: Self.densities[index], threshold: thresholds[index], loss: mean(losses),
        recall: mean(recalls))
    }
  }

  /// The point of a density, between those measured.
  func point(at density: Float) -> Point {
    guard let above = points.firstIndex(where: { $0.density >= density }) else {
      return points[points.count - 1]
    }
    guard above > 0 else { return points[0] }
    let a = points[above - 1]
    let b = points[above]
    let part = (density - a.density) / (b.density - a.density)
    func between(_ x: Float, _ y: Float) -> Float { x + (y - x) * part }
    return Point(
      density: density, threshold: between(a.threshold, b.threshold),
      loss: between(a.loss, b.loss), recall: between(a.recall, b.recall))
  }
}
