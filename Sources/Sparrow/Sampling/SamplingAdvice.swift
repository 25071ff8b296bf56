package import SparrowCore
package import SparrowFormats

/// What a model's makers say about sampling from it; nil where they say nothing.
public struct SamplingAdvice: Sendable, Equatable {
  public var temperature: Float?
  public var topK: Int?
  public var topP: Float?
  public var minP: Float?
  public var repetitionPenalty: Float?
  public var repetitionWindow: Int?

  public init() {}

  /// `options` with what the makers say in place; nothing is validated.
  public func applied(to options: SamplingOptions) -> SamplingOptions {
    var options = options
    options.temperature = temperature ?? options.temperature
    options.topK = topK ?? options.topK
    options.topP = topP ?? options.topP
    options.minP = minP ?? options.minP
    options.repetitionPenalty = repetitionPenalty ?? options.repetitionPenalty
    options.repetitionWindow = repetitionWindow ?? options.repetitionWindow
    return options
  }
}

extension SamplingAdvice {
  /// A `generation_config.json` of transformers: `do_sample: false` is greedy, whatever else it
  /// says.
  package init(generationConfig json: JSON) {
    func float(_ name: String) -> Float? { json[name]?.double.map { Float($0) } }
    temperature = json["do_sample"]?.bool == false ? 0 : float("temperature")
    topK = json["top_k"]?.int
    topP = float("top_p")
    minP = float("min_p")
    repetitionPenalty = float("repetition_penalty")
  }

  /// The keys `general.sampling.*` of a GGUF file, as llama.cpp reads them.
  package init(gguf metadata: GGUFMetadata) {
    func int(_ name: String) -> Int? {
      if case .integer(let value) = metadata["general.sampling." + name] { value } else { nil }
    }
    func float(_ name: String) -> Float? {
      if case .number(let value) = metadata["general.sampling." + name] { return Float(value) }
      return int(name).map { Float($0) }
    }
    temperature = float("temp")
    topK = int("top_k")
    topP = float("top_p")
    minP = float("min_p")
    repetitionPenalty = float("penalty_repeat")
    repetitionWindow = int("penalty_last_n")
  }
}

extension Checkpoint {
  /// What came with the weights about sampling. Throws `.malformed` for a file that is no JSON.
  package func samplingAdvice() throws(SparrowError) -> SamplingAdvice {
    if let metadata { return SamplingAdvice(gguf: metadata) }
    return try json(named: "generation_config.json").map(SamplingAdvice.init(generationConfig:))
      ?? SamplingAdvice()
  }
}
