internal import SparrowCore
internal import SparrowNumerics

/// The least score that keeps a part of the neurons which truly fire, for activations that are zero
/// elsewhere.
///
/// Measured over all samples together, so that a neuron counts as often as it fires.
struct RecallThreshold {
  let threshold: Float
  /// Part of the firing neurons that scores from `threshold` on hold.
  let recall: Float
  /// Part of all neurons that they are.
  let density: Float
  /// As `Tradeoff.Point` has it.
  let loss: Float

  /// `scores` and `activations` are `[samples, neurons]`, `lengths` those of down's columns.
  /// Selects nothing where nothing fires.
  init(
    scores: FloatRows, activations: FloatRows, lengths: [Float], samples: Int, recall target: Float
  ) {
    let neurons = activations.columns
    var positives: [Float] = []
    for sample in 0..<samples {
      for neuron in 0..<neurons where activations[sample][neuron] != 0 {
        positives.append(scores[sample][neuron])
      }
    }
    positives.sort()
    let dropped = min(Int((1 - target) * Float(positives.count)), max(positives.count - 1, 0))
    let least = positives.isEmpty ? Float.greatestFiniteMagnitude : positives[dropped]
    threshold = least
    var kept = 0
    var loss: Float = 0
    for sample in 0..<samples {
      var all: Float = 0
      var dropped: Float = 0
      for neuron in 0..<neurons {
        let size = activations[sample][neuron] * lengths[neuron]
        all += size * size
        if scores[sample][neuron] >= least { kept += 1 } else { dropped += size * size }
      }
      if all > 0 { loss += dropped / all }
    }
    recall = positives.isEmpty ? 1 : Float(positives.count { $0 >= least }) / Float(positives.count)
    density = Float(kept) / Float(max(samples * neurons, 1))
    self.loss = loss / Float(max(samples, 1))
  }
}
