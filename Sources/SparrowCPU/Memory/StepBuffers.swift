internal import CSparrowKernels
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
  private let memory: OwnedMemory
  let maximumTokens: Int
  /// Activated neurons, `[tokens, width]`, and their second half before gating.
  let neurons: StepBuffer
  let gates: StepBuffer
  /// Position of each row.
  let positions: UnsafeMutablePointer<Int32>
  /// Cosines then sines of each rotary embedding, `[rotary][tokens][dimension / 2]`.
  let rotations: [(cosine: UnsafeMutablePointer<Float>, sine: UnsafeMutablePointer<Float>)]

  init(_ model: ModelConfiguration, maximumTokens: Int) {
    self.maximumTokens = maximumTokens
    let memory = OwnedMemory()
    func buffer(_ width: Int) -> StepBuffer {
      StepBuffer(
        values: memory.floats(maximumTokens * width), width: width,
        quantized: QuantizedRows(maximumTokens, width: width, memory: memory))
    }
    for name in Operation.Buffer.allCases {
      buffers[name] = model.width(of: name).map(buffer)
    }
    neurons = buffers[.neurons] ?? buffer(1)
    gates = buffers[.gates] ?? buffer(1)
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

/// Memory for inputs in the 8 bits in which block formats read them, on cache lines of their own.
struct QuantizedRows: BitwiseCopyable {
  private let base: UnsafeMutableRawPointer
  /// Bytes from one row to the next.
  let stride: Int

  /// Room for `count` inputs of `width` elements.
  init(_ count: Int, width: Int, memory: OwnedMemory) {
    stride = CacheLine.apart(Self.bytes(width))
    base = memory.bytes(count * stride)
  }

  /// Bytes that an input of `width` elements takes.
  static func bytes(_ width: Int) -> Int { sk_quantized_bytes(Int32(width)) }

  subscript(row: Int) -> UnsafeRawPointer { UnsafeRawPointer(base + row * stride) }

  /// Quantises `x`, `[width]`, into a row, and gives that.
  @discardableResult
  func quantize(_ x: UnsafePointer<Float>, _ width: Int, into row: Int) -> UnsafeRawPointer {
    sk_quantize(x, Int32(width), base + row * stride)
    return self[row]
  }
}

extension StepBuffers {
  /// Positions of all rows, and the rotations they turn by.
  func setPositions(_ step: StepState, _ rotaries: [RotaryDescription]) {
    for index in 0..<step.segmentCount {
      let segment = step.segments[index]
      for row in 0..<segment.rows {
        positions[segment.firstRow + row] = Int32(segment.firstPosition + row)
      }
    }
    for (rotary, rotation) in zip(rotaries, rotations) {
      for index in 0..<step.segmentCount {
        let segment = step.segments[index]
        let frequencies = rotary.frequencies(isLong: segment.turnsLong)
        var offset = segment.firstRow * rotary.dimension / 2
        for row in 0..<segment.rows {
          for frequency in frequencies {
            (rotation.cosine[offset], rotation.sine[offset]) =
              rotary.turn(frequency, at: segment.firstPosition + row)
            offset += 1
          }
        }
      }
    }
  }
}
