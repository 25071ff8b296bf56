package import SparrowEngine
import SparrowFormats
package import SparrowTestSupport
package import SparrowTransformer

extension WeightBinding {
  /// Opens a `.gguf` file or a Hugging Face folder.
  package init(opening path: String) throws {
    let checkpoint = try Checkpoint.open(path)
    let model =
      if let config = checkpoint.config, checkpoint.kind == .huggingFace {
        try ModelConfiguration(huggingFace: config, file: path)
      } else {
        try ModelConfiguration(gguf: checkpoint)
      }
    try self.init(checkpoint: checkpoint, configuration: model)
  }

  package init(_ model: NetworkModel) throws {
    let folder = try TemporaryFolder()
    try self.init(opening: folder.write("model.gguf", model.bytes()))
  }
}

/// Dense logits of all tokens, `chunk` tokens at a time; one at a time they are decoded.
package func logits(
  _ backend: any Backend, _ tokens: [Int32], chunk: Int, type: CacheType = .f32,
  isDense: Bool = false, probes: StepProbes? = nil
) throws -> [Float] {
  let sequence = try backend.sequence(capacity: 64, type: type)
  var all: [Float] = []
  var start = 0
  while start < tokens.count {
    // The rows of a step turn alike: what LongRoPE parts, steps part too.
    let turn = backend.model.longRotaryBeyond.flatMap { start < $0 ? $0 : nil } ?? tokens.count
    let part = tokens[start..<min(start + chunk, turn, tokens.count)]
    start += part.count
    var batch = StepBatch.prompt(part, of: sequence, isDense: isDense, probes: probes)
    if chunk == 1 { batch.phase = .decode }
    backend.step(batch)
    backend.logits(of: 0..<part.count) { all.append(contentsOf: $1) }
  }
  return all
}

/// The greatest difference, as a part of the greatest expected size.
package func relativeError(
  _ found: some Collection<Float>, _ expected: some Collection<Float>
) -> Float {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let largest = expected.reduce(0) { max($0, abs($1)) }
  return (zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity) / largest
}
