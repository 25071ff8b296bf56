internal import CSparrowKernels
import SparrowTransformer

extension Operands {
  /// A layer's queries, their gates, keys or values.
  func projection(_ kind: WeightRole.Kind, _ layer: Int) -> Product {
    let output: Operation.Buffer =
      switch kind {
      case .query: .query
      case .queryGate: .headGates
      case .key: .key
      default: .value
      }
    return product(kind, layer, into: buffer(output, layer))
  }

  func headsKernel(_ attention: AttentionDescription, _ layer: Int) -> AttentionHeadsKernel {
    let rotation = attention.rotary.flatMap { model.rotaries.firstIndex(of: $0) }
    let hasOwn = attention.headNormSpan == .ownHead
    let valueNorm = attention.valueNorm.map {
      AttentionHeadNorm(isRMS: $0.kind == .rms, epsilon: $0.epsilon, weight: nil, stride: 0)
    }
    func norm(_ kind: WeightRole.Kind, _ heads: Int) -> AttentionHeadNorm? {
      guard let norm = attention.headNorm, attention.headNormSpan != .allHeads else { return nil }
      let width = attention.headDimension
      return AttentionHeadNorm(
        isRMS: norm.kind == .rms, epsilon: norm.epsilon,
        weight: normWeight(kind, layer, norm, hasOwn ? heads * width : width),
        stride: hasOwn ? width : 0)
    }
    return AttentionHeadsKernel(
      attention: shape(attention, layer), queryNorm: norm(.queryNorm, attention.heads),
      keyNorm: norm(.keyNorm, attention.keyValueHeads), valueNorm: valueNorm,
      cosine: rotation.map { UnsafePointer(buffers.rotations[$0].cosine) },
      sine: rotation.map { UnsafePointer(buffers.rotations[$0].sine) },
      rotary: attention.rotary?.dimension ?? 0,
      interleaved: attention.rotary?.interleaved ?? false, query: buffer(.query, layer),
      key: buffer(.key, layer), value: buffer(.value, layer))
  }

  func attendKernel(_ attention: AttentionDescription, _ layer: Int) -> AttendKernel {
    AttendKernel(
      layer: layer, attention: shape(attention, layer), input: buffers[projected],
      isBidirectional: attention.isBidirectional,
      parameters: owned.copy([attention.kernel]), query: buffer(.query, layer),
      output: buffer(.attended, layer), scratch: attendScratch)
  }

  func shape(_ attention: AttentionDescription, _ layer: Int) -> AttentionShape {
    AttentionShape(
      heads: attention.heads, keyValueHeads: attention.keyValueHeads,
      headDimension: attention.headDimension, elementsBefore: model.cacheElements(before: layer))
  }
}
