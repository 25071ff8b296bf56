import SparrowCore

/// Makes the keys and values that a layer's heads lack, so that a dense step finds them all.
///
/// Heads are dealt out to workers, each of which makes its own whole.
struct CatchUpKernel: BitwiseCopyable {
  let heads: HeadsKernel
  let missing: MissingKeys

  func run(_ worker: Worker, _ step: StepState) {
    let dimension = heads.attention.headDimension
    for index in 0..<step.segmentCount where step.segments[index].deferred != nil {
      let segment = step.segments[index]
      let counts = missing.inputs.counts(segment)
      for head in stride(from: worker.index, to: heads.attention.heads, by: worker.count) {
        let positions = Int(counts[head])..<segment.firstPosition
        guard !positions.isEmpty else { continue }
        let rows = head * dimension..<(head + 1) * dimension
        let place = worker.index
        missing.multiply(
          missing.key, rows, positions, segment, into: missing.work.keys(place))
        missing.multiply(
          missing.value, rows, positions, segment, into: missing.work.values(place))
        missing.append(
          heads, head, positions, part: 0..<positions.count, segment, place: place)
        counts[head] = Int32(segment.firstPosition)
      }
    }
  }
}
