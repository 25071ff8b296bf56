internal import SparrowBlocks
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

/// A network's down in 4 or 5 bits, for the neurons that a token does not select.
///
/// Rounded to the nearest: making up for errors of one column by others (`FedBackRounding`) served
/// no better by the activations that are not selected, and worse by all (docs/calibration.md).
struct DownSketch {
  /// `[hidden, neurons]`
  let rows: SketchRows
  /// Length of what each column lacks, `[neurons]`.
  let errors: [Float]

  /// nil where neurons do not fill blocks, or down itself is no larger.
  init?(_ weights: any BackendWeights, layer: Int, coding: SketchCoding, pool: WorkerPool) {
    let role = WeightRole(.down, layer: layer)
    let (hidden, neurons) = weights.shape(of: role)
    var sketch = SketchRows(coding: coding, directions: neurons, bytes: [])
    let rowBytes = sketch.rowBytes
    guard neurons % 32 == 0, let type = coding.type,
      let rounding = FedBackRounding(nearest: neurons, for: coding),
      // Kernels pad rows to 64 columns.
      let kept = type.byteCount(elements: (neurons + 63) / 64 * 64),
      kept < weights.rowBytes(of: role)
    else { return nil }
    sketch.bytes = Array(repeating: 0, count: hidden * rowBytes)
    let sums = FloatRows(rows: pool.count, columns: neurons)
    sketch.bytes.withUnsafeMutableBytes { bytes in
      nonisolated(unsafe) let target = bytes.baseAddress!
      pool.run { worker in
        let row = FloatRows(rows: 1, columns: neurons)
        let rounded = FloatRows(rows: 1, columns: neurons)
        for index in worker.share(of: hidden) {
          weights.read(index, of: role, into: row[0])
          rounding.encode(row[0], into: target + index * rowBytes)
          rounded.expand(0..<1, from: target + index * rowBytes, type)
          for neuron in 0..<neurons {
            let error = row[0][neuron] - rounded[0][neuron]
            sums[worker.index][neuron] += error * error
          }
        }
      }
    }
    rows = sketch
    errors = (0..<neurons).map { neuron in
      (0..<pool.count).reduce(Float(0)) { $0 + sums[$1][neuron] }.squareRoot()
    }
  }
}
