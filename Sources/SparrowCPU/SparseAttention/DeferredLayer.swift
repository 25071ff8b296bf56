internal import CSparrowKernels
import SparrowCore
import SparrowSparsity

/// Where one layer finds itself in `DeferredKeys`, and the form in which it keeps its inputs.
struct DeferredLayer: BitwiseCopyable {
  let layout: DeferredKeys.Layout
  /// Among the layers that keep inputs.
  let index: Int
  let hidden: Int
  /// Rotated elements of a head; 0 without rotary positions.
  let rotary: Int
  let keepsFloats: Bool
  let keepsQuantized: Bool

  private var floatBytes: Int { keepsFloats ? CacheLine.whole(4 * hidden) : 0 }
  private var quantizedBytes: Int { keepsQuantized ? QuantizedRows.bytes(hidden) : 0 }
  /// Bytes that a position of this layer takes.
  var slotBytes: Int { floatBytes + quantizedBytes + CacheLine.whole(4 * rotary) }

  init(
    index: Int, hidden: Int, rotary: Int, keepsFloats: Bool, keepsQuantized: Bool,
    layout: DeferredKeys.Layout
  ) {
    self.layout = layout
    self.index = index
    self.hidden = hidden
    self.rotary = rotary
    self.keepsFloats = keepsFloats
    self.keepsQuantized = keepsQuantized
  }

  /// Positions that each head has made.
  func counts(_ segment: StepSegment) -> UnsafeMutablePointer<Int32> {
    base(segment).assumingMemoryBound(to: Int32.self)
  }

  /// The input at `position`, and in steps of `layout.slotBytes` those at up to 15 after it.
  func input(_ segment: StepSegment, _ position: Int, quantized: Bool) -> UnsafeRawPointer {
    UnsafeRawPointer(slot(segment, position) + (quantized ? floatBytes : 0))
  }

  /// The same for cosines, behind which come the sines, `[2][rotary / 2]`.
  func rotation(_ segment: StepSegment, _ position: Int) -> UnsafePointer<Float> {
    UnsafePointer(angles(slot(segment, position)))
  }

  /// Keeps the input of the segment's first position.
  func keep(
    _ x: UnsafePointer<Float>, cosine: UnsafePointer<Float>?, sine: UnsafePointer<Float>?,
    _ segment: StepSegment
  ) {
    let slot = slot(segment, segment.firstPosition)
    if keepsFloats { slot.copyMemory(from: x, byteCount: 4 * hidden) }
    if keepsQuantized { sk_quantize(x, Int32(hidden), slot + floatBytes) }
    if let cosine, let sine {
      angles(slot).update(from: cosine, count: rotary / 2)
      (angles(slot) + rotary / 2).update(from: sine, count: rotary / 2)
    }
    let twin = slot + CatchUp.positions * layout.slotBytes
    twin.copyMemory(from: slot, byteCount: slotBytes)
  }

  private func base(_ segment: StepSegment) -> UnsafeMutableRawPointer {
    segment.deferred! + index * layout.layerBytes
  }

  private func slot(_ segment: StepSegment, _ position: Int) -> UnsafeMutableRawPointer {
    base(segment) + layout.countBytes + position % CatchUp.positions * layout.slotBytes
  }

  private func angles(_ slot: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    (slot + floatBytes + quantizedBytes).assumingMemoryBound(to: Float.self)
  }
}

/// Keeps a layer's input for the heads that skip this token, a row of the step a worker.
struct KeepInputKernel: BitwiseCopyable {
  let input: StepInput
  let inputs: DeferredLayer
  let heads: AttentionHeadsKernel

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      let rotation = heads.rotation(row: row)
      inputs.keep(
        x[row], cosine: rotation?.cosine, sine: rotation?.sine, step.segments[row])
    }
  }
}
