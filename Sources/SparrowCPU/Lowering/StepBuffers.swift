import SparrowCore
import SparrowTransformer

/// One step's buffer `[tokens, width]` float32, with room for its quantised form.
struct StepBuffer: BitwiseCopyable {
  let values: UnsafeMutablePointer<Float>
  /// Elements of a row.
  let width: Int
  /// nil when no matrix reads this buffer quantised.
  var quantized: QuantizedRows?

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * width }

  /// The same memory with shorter rows.
  func narrowed(to width: Int) -> StepBuffer {
    StepBuffer(values: values, width: width, quantized: quantized)
  }
}

/// All buffers of a step, allocated once for the widest step.
final class StepBuffers {
  private var buffers: [Operation.Buffer: StepBuffer] = [:]
  private let memory: Scratch
  let maximumTokens: Int
  /// Activated neurons, `[tokens, width]`, and their second half before gating.
  private(set) var neurons: StepBuffer
  private(set) var gates: StepBuffer
  /// Position of each row.
  let positions: UnsafeMutablePointer<Int32>
  /// Cosines then sines of each rotary embedding, `[rotary][tokens][dimension / 2]`.
  let rotations: [(cosine: UnsafeMutablePointer<Float>, sine: UnsafeMutablePointer<Float>)]

  init(_ model: ModelConfiguration, maximumTokens: Int) {
    self.maximumTokens = maximumTokens
    let memory = Scratch()
    func buffer(_ width: Int) -> StepBuffer {
      StepBuffer(
        values: memory.floats(maximumTokens * width), width: width,
        quantized: QuantizedRows(maximumTokens, width: width, memory: memory))
    }
    let attention = model.layers.map(\.attention)
    let queries = attention.map { $0.heads * $0.headDimension }.max() ?? 1
    let keys = attention.map { $0.keyValueHeads * $0.headDimension }.max() ?? 1
    let neurons = model.layers.map(\.feedForward.width).max() ?? 1
    buffers = [
      .hidden: buffer(model.hidden), .input: buffer(model.hidden), .result: buffer(model.hidden),
      .final: buffer(model.hidden), .query: buffer(queries), .key: buffer(keys),
      .value: buffer(keys), .attended: buffer(queries),
    ]
    if model.embeddingWidth != model.hidden { buffers[.embedding] = buffer(model.embeddingWidth) }
    self.neurons = buffer(neurons)
    gates = buffer(model.layers.contains { $0.feedForward.gated } ? neurons : 1)
    if attention.contains(where: \.isGated) { buffers[.headGates] = buffer(queries) }
    buffers[.neurons] = self.neurons
    buffers[.gates] = gates
    positions = memory.bytes(maximumTokens * 4).assumingMemoryBound(to: Int32.self)
    rotations = model.rotaries.map { rotary in
      let bytes = maximumTokens * rotary.dimension / 2 * 4
      return (
        memory.bytes(bytes).assumingMemoryBound(to: Float.self),
        memory.bytes(bytes).assumingMemoryBound(to: Float.self)
      )
    }
    self.memory = memory
  }

  subscript(name: Operation.Buffer) -> StepBuffer {
    guard let buffer = buffers[name] else { preconditionFailure("no buffer \(name)") }
    return buffer
  }
}
