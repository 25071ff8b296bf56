internal import CSparrowKernels
import SparrowCore

/// Makes keys and values of a multi-head layer from the inputs of a run of positions.
struct MissingKeys: BitwiseCopyable {
  let key: Product
  let value: Product
  let inputs: DeferredLayer
  let work: MissingKeysWork

  /// target[i] = the rows `rows` of `product` · the input at the i-th of `positions`: each weight is read once
  /// for all of them.
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

  /// Norms, rotates and stores what `multiply` made in `place` of the work for one head: the positions `part` of
  /// `positions`.
  func append(
    _ heads: HeadsKernel, _ head: Int, _ positions: Range<Int>, part: Range<Int>,
    _ segment: StepSegment, place: Int
  ) {
    for index in part {
      let position = positions.lowerBound + index
      let start = index * work.width + head * heads.attention.headDimension
      var rotation: HeadsKernel.Rotation?
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
