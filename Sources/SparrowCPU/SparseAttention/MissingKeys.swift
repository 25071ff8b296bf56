internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Makes keys and values of a multi-head layer from the inputs of a run of positions.
struct MissingKeys: BitwiseCopyable {
  let key: Product
  let value: Product
  let inputs: DeferredLayer
  let work: MissingKeysMemory

  /// target[i] = the rows `rows` of `product` · the input at the i-th of `positions`: each weight
  /// is read once for all of them.
  func multiply(
    _ product: Product, _ rows: Range<Int>, _ positions: Range<Int>, _ segment: StepSegment,
    into target: UnsafeMutablePointer<Float>
  ) {
    let quantized = sk_wants_quantized(product.matrix) != 0
    product.multiply(
      rows, inputs.input(segment, positions.lowerBound, quantized: quantized),
      stride: inputs.layout.slotBytes, tokens: positions.count, into: target,
      stride: work.width)
  }

  /// Norms, rotates and stores what `multiply` made in `place` of the work for one head: the
  /// positions `part` of `positions`.
  func append(
    _ heads: AttentionHeadsKernel, _ head: Int, _ positions: Range<Int>, part: Range<Int>,
    _ segment: StepSegment, place: Int
  ) {
    for index in part {
      let position = positions.lowerBound + index
      let start = index * work.width + head * heads.attention.headDimension
      var rotation: AttentionHeadsKernel.Rotation?
      if inputs.rotary > 0 {
        let cosine = inputs.rotation(segment, position)
        rotation = .init(cosine: cosine, sine: cosine + inputs.rotary / 2)
      }
      heads.append(
        key: work.keys(place) + start, value: work.values(place) + start, rotation, head: head,
        position: position, segment)
    }
  }
}

/// Memory for the keys and values that layers make late; layers run one after the other and share
/// it.
struct MissingKeysMemory: BitwiseCopyable {
  /// Keys of all heads of the widest layer.
  let width: Int
  private let keys: UnsafeMutablePointer<Float>
  private let values: UnsafeMutablePointer<Float>

  /// For each row of a sparse step, or each worker, `[CatchUp.positions][width]`.
  init(width: Int, workers: Int, memory: OwnedMemory) {
    self.width = width
    let count = max(workers, StepState.maximumSparseRows) * CatchUp.positions * width
    keys = memory.floats(count)
    values = memory.floats(count)
  }

  func keys(_ place: Int) -> UnsafeMutablePointer<Float> {
    keys + place * CatchUp.positions * width
  }
  func values(_ place: Int) -> UnsafeMutablePointer<Float> {
    values + place * CatchUp.positions * width
  }
}

/// Makes the keys and values that a layer's heads lack, so that a dense step finds them all.
///
/// Heads are dealt out to workers, each of which makes its own whole.
struct CatchUpKernel: BitwiseCopyable {
  let heads: AttentionHeadsKernel
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
