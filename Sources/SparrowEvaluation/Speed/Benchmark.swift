public import Sparrow
public import SparrowCore
import SparrowEngine
import SparrowMachine
public import SparrowMeasure
import SparrowTransformer

/// Speed of one model on this machine: tokens a second, and what that means in bytes.
public struct Benchmark: Sendable {
  public struct Options: Sendable {
    /// Prompt tokens of the prefill measurement; 0 to leave it out.
    public var promptTokens: Int
    /// Tokens of the decode measurement.
    public var decodeTokens: Int
    public var repetitions: Int

    public init(promptTokens: Int = 512, decodeTokens: Int = 128, repetitions: Int = 5) {
      self.promptTokens = promptTokens
      self.decodeTokens = decodeTokens
      self.repetitions = repetitions
    }
  }

  /// The dense self: the dense program over the base model's weights.
  public struct Dense: Sendable {
    /// Tokens a second, and the sparse model's speed over it.
    public var decode: Figure
    public var speedup: Figure
    public var bytesPerToken: Int

    var json: JSON {
      [
        "decode_tokens_per_second": decode.json, "bytes_per_token": .integer(bytesPerToken),
        "speedup": speedup.json,
      ]
    }
  }

  public var options: Options
  public var device: Device
  public var threads: Int
  /// Tokens a second.
  public var prefill: Figure?
  public var decode: Figure
  /// Bytes of weights and cache that decoding one token reads, on average.
  public var bytesPerToken: Int
  /// The model's dense self, measured in turn with the sparse one; nil for a dense model.
  public var dense: Dense?
  /// Plain reads on the same threads, or on the same device, bytes a second.
  public var readBandwidth: Figure

  /// Bytes a second that decoding reads, at its median speed.
  public var bytesPerSecond: Double { Double(bytesPerToken) * decode.median }
  /// Part of the read bandwidth that decoding reaches.
  public var bandwidthShare: Double { bytesPerSecond / readBandwidth.median }

  /// Warms up once, then measures `repetitions` times; read bandwidth is probed in between. A
  /// sparse model's dense self takes turns with it, the first turn alternating, so that a drift
  /// hits both.
  public static func run(
    _ model: Model, options: Options = Options(),
    progress: Progress = .none
  ) throws(SparrowError) -> Benchmark {
    let longest = model.configuration.contextLength
    try SparrowError.require(options.promptTokens, in: 0...longest, "prompt")
    try SparrowError.require(options.decodeTokens, in: 1...max(1, longest - 1), "generate")
    try SparrowError.require(options.repetitions, in: 1...10_000, "repeat")
    let context = max(options.promptTokens, options.decodeTokens + 1)
    let session = try model.session(context: context)
    let base = try model.base()
    let dense = try base.session(context: context)
    dense.isDense = true
    let isCompared = model.isSparse || model.changesWeights
    let probe = try BandwidthProbe(bytes: 1 << 29)
    var prefill: [Double] = []
    var decode: [Double] = []
    var denseDecode: [Double] = []
    var bandwidth: [Double] = []
    var random = SeededRandom(seed: 1)
    let prompt = (0..<max(options.promptTokens, 1)).map { _ in
      Int32(random.next() % UInt64(model.configuration.vocabulary))
    }
    for repetition in 0...options.repetitions {
      var measured: Double?
      if options.promptTokens > 0 {
        session.clear()
        let start = monotonicSeconds()
        _ = try session.advance(prompt, amongGreatest: true) { $0.logits.count }
        measured = Double(prompt.count) / (monotonicSeconds() - start)
      }
      let turns = isCompared ? [repetition % 2 == 0, repetition % 2 == 1] : [false]
      for isDense in turns {
        let speed = try decodeSpeed(
          isDense ? dense : session, first: prompt[0], tokens: options.decodeTokens)
        guard repetition > 0 else { continue }
        if isDense { denseDecode.append(speed) } else { decode.append(speed) }
      }
      let reads = model.backend.measureReads() ?? probe.measure(model.pool)
      if repetition > 0 {
        if let measured { prefill.append(measured) }
        bandwidth.append(reads)
      }
      try progress.report(repetition + 1, of: options.repetitions + 1)
    }
    // Of float16, half of the tokens on average.
    func cacheBytes(_ elements: Int) -> Int { elements * 2 * options.decodeTokens / 2 }
    let pairs = isCompared ? PairedFigures(.rate, dense: denseDecode, sparse: decode) : nil
    return Benchmark(
      options: options, device: model.device, threads: model.threads,
      prefill: prefill.isEmpty ? nil : Figure(prefill),
      decode: pairs?.sparse ?? Figure(decode),
      bytesPerToken: model.bytesPerToken + cacheBytes(model.cacheElementsRead),
      dense: pairs.map {
        Dense(
          decode: $0.dense, speedup: $0.speedup,
          bytesPerToken: base.denseBytesPerToken
            + cacheBytes(base.configuration.cacheElementsPerToken))
      }, readBandwidth: Figure(bandwidth))
  }

  /// Greedy decoding from an empty cache, tokens a second.
  private static func decodeSpeed(
    _ session: Session, first: Int32, tokens: Int
  ) throws(SparrowError) -> Double {
    session.clear()
    var sampler = try Sampler()
    var token = first
    let start = monotonicSeconds()
    for _ in 0..<tokens {
      token = try session.advance(token, amongGreatest: true) { output in
        if let ids = output.ids { return sampler.sample(ids: ids, logits: output.logits) }
        return sampler.sample(output.logits)
      }
    }
    return Double(tokens) / (monotonicSeconds() - start)
  }

  public var json: JSON {
    .object([
      ("device", .string(device.description)),
      ("threads", .integer(threads)),
      ("prompt_tokens", .integer(options.promptTokens)),
      ("decode_tokens", .integer(options.decodeTokens)),
      ("repetitions", .integer(options.repetitions)),
      ("prefill_tokens_per_second", prefill?.json ?? .null),
      ("decode_tokens_per_second", decode.json),
      ("bytes_per_token", .integer(bytesPerToken)),
      ("gigabytes_per_second", .number(bytesPerSecond / 1e9)),
      ("read_bandwidth_gigabytes_per_second", .number(readBandwidth.median / 1e9)),
      ("bandwidth_share", .number(bandwidthShare)),
      ("dense", dense?.json ?? .null),
    ])
  }
}
