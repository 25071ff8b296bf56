import SparrowBlocks
package import SparrowCore
package import SparrowFormats

extension Checkpoint {
  /// A float tensor's elements as float32. Throws `.unsupported` for quantised and integer tensors.
  package func floats(_ entry: TensorEntry) throws(SparrowError) -> [Float] {
    guard [.f64, .f32, .f16, .bf16].contains(entry.type) else {
      throw SparrowError(
        .unsupported, file: path, field: entry.name, found: entry.type.rawValue,
        expected: "f64, f32, f16 or bf16")
    }
    let count = entry.elementCount
    return [Float](unsafeUninitializedCapacity: count) { values, initialized in
      if count > 0 {
        entry.type.expand(
          bytes(of: entry).baseAddress!, count: count, into: values.baseAddress!)
      }
      initialized = count
    }
  }

  /// What is thrown for a tensor of weights in a type that holds none.
  package func noWeights(_ entry: TensorEntry) -> SparrowError {
    SparrowError(
      .unsupported, file: path, field: entry.name, found: entry.type.rawValue,
      expected: "a float or block type")
  }

  /// A weight that is no number makes every later token meaningless, and nothing else would say so.
  package func noNumber(in entry: TensorEntry) -> SparrowError {
    SparrowError(
      .malformed, file: path, field: entry.name,
      found: "a weight that is no number, or too large for one",
      expected: "finite weights; is the file damaged?")
  }
}
