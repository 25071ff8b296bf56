internal import SparrowBlocks
package import SparrowCore
package import SparrowFormats
internal import SparrowTokenizers
internal import SparrowTransformer

/// A model with random weights, to be trained: a configuration, and the tokenizer of another model.
package struct NewModel {
  private let config: JSON
  private let configuration: ModelConfiguration
  private let tokenizer: Checkpoint

  /// The standard deviation of matrices, GPT-2's (Radford et al. 2019).
  private static let deviation: Float = 0.02

  /// Reads a `config.json` of transformers. Throws what reading it and the tokenizer throws, and
  /// `.mismatch` for a vocabulary that lacks some of the tokenizer's tokens.
  package init(config path: String, tokenizer: Checkpoint) throws(SparrowError) {
    config = try JSON.parse(try MappedFile(path: path))
    configuration = try ModelConfiguration(huggingFace: config, file: path)
    try configuration.requireDecoder(file: path)
    self.tokenizer = tokenizer
    let tokens = try tokenizer.tokenizer().vocabularySize
    guard tokens <= configuration.vocabulary else {
      throw SparrowError(
        .mismatch, file: path, field: "vocab_size", found: "\(configuration.vocabulary)",
        expected: "at least the \(tokens) tokens of \(tokenizer.path)")
    }
  }

  /// Writes a folder with weights in float32: the same for the same seed, on every machine.
  ///
  /// Matrices are normal with a deviation of 0.02, those that add to the residual stream with that
  /// over sqrt(2 layers), norms 1, biases 0 (GPT-2). The folder appears whole or not at all; an
  /// older one of the same files is replaced.
  package func write(to folder: String, seed: UInt64) throws(SparrowError) {
    // Falcon, StarCoder2 and GPT-NeoX say it otherwise, or have them unless they say so.
    let usual = config["bias"]?.bool ?? config["use_bias"]?.bool
    let standard = usual ?? ["gptneox", "starcoder2"].contains(configuration.architecture)
    let tensors = try configuration.newTensors(
      attentionBias: config["attention_bias"]?.bool ?? standard,
      networkBias: config["mlp_bias"]?.bool ?? standard)
    let target = try AtomicFolder(
      path: folder, names: ModelWriter.tokenizerFiles + ["config.json", "model.safetensors"])
    try Files.write(
      Array((config.text(indent: 2) + "\n").utf8), to: target.temporary + "/config.json")
    for (name, bytes) in try tokenizerFiles() {
      try Files.write(bytes, to: target.temporary + "/" + name)
    }
    var writer = SafetensorsWriter()
    writer.annotate("format", "pt")
    var numbers: [String: Int] = [:]
    for (number, tensor) in tensors.enumerated() {
      try writer.announce(name: tensor.name, type: .f32, shape: tensor.shape)
      numbers[tensor.name] = number
    }
    try writer.write(to: target.temporary + "/model.safetensors") { name throws(SparrowError) in
      let number = numbers[name]!
      var random = SeededRandom(seed: seed &+ UInt64(number))
      return try ElementType.f32.encode(values(tensors[number], &random), tensor: name)
    }
    try target.commit()
  }

  private func values(_ tensor: StoredTensor, _ random: inout SeededRandom) -> [Float] {
    let kind = tensor.roles[0].kind
    if !tensor.isMatrix {
      if kind == .layerScale { return [1] }
      guard kind.isNormWeight else { return [Float](repeating: 0, count: tensor.elementCount) }
      let offset = configuration.finalNorm?.weightOffset ?? 0
      return [Float](repeating: 1 - offset, count: tensor.elementCount)
    }
    let addsToResidual = kind == .output || kind == .down
    let depth = Float(2 * configuration.layers.count)
    let deviation = addsToResidual ? Self.deviation / depth.squareRoot() : Self.deviation
    return (0..<tensor.elementCount).map { _ in deviation * random.normal() }
  }

  private func tokenizerFiles() throws(SparrowError) -> [(String, [UInt8])] {
    if let metadata = tokenizer.metadata {
      let written = try HuggingFaceTokenizer(gguf: metadata, file: tokenizer.path)
      return [
        ("tokenizer.json", Array(written.tokenizer.text().utf8)),
        ("tokenizer_config.json", Array((written.configuration.text(indent: 2) + "\n").utf8)),
      ]
    }
    var files: [(String, [UInt8])] = []
    for name in ModelWriter.tokenizerFiles {
      guard let file = try tokenizer.file(named: name) else { continue }
      files.append((name, withExtendedLifetime(file) { Array(file.bytes) }))
    }
    return files
  }
}

extension SeededRandom {
  /// Standard normal (Box and Muller 1958).
  fileprivate mutating func normal() -> Float {
    // 1 - u is never 0, whose logarithm there is not.
    let radius = (-2 * naturalLog(1 - Double(uniform()))).squareRoot()
    return Float(radius * cosine(2 * .pi * Double(uniform())))
  }
}
