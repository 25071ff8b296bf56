import Sparrow

/// What routes that generate have in common: how tokens are chosen, when an answer ends, and what
/// is told of it.
struct AnswerOptions: Sendable {
  private(set) var sampling: SamplingOptions
  private(set) var stop: [String]
  private(set) var ignoresEnd: Bool
  private(set) var choices: Int
  private(set) var isStreamed: Bool
  private(set) var tellsUsage: Bool
  private(set) var plan: PlanChoice?
  private(set) var tellsActivity: Bool
  private(set) var decodesPrompt: Bool
  var maximumTokens: Int?
  var logProbabilities: Int?
  var scoresPrompt = false
  var constraint: TokenConstraint?

  /// Stop texts of a request, at most.
  private static let stops = 16
  /// Log-probabilities that a request's answer holds at once, at most.
  static let probabilities = 1 << 18
  /// Likeliest tokens that are told of each place, at most.
  static let likeliest = 20

  init(_ fields: RequestFields, _ service: ModelService) throws(APIError) {
    sampling = try Self.sampling(fields, service)
    stop = try fields.texts("stop", most: Self.stops).filter { !$0.isEmpty }
    let longest = GenerationOptions.longestStop
    guard stop.allSatisfy({ $0.utf8.count <= longest }) else {
      throw fields.refusal("stop", "texts of up to \(longest) bytes")
    }
    ignoresEnd = try fields.bool("ignore_eos")
    choices = try fields.int("n", in: 1...service.choiceLimit) ?? 1
    isStreamed = try fields.bool("stream")
    let ways = try fields.object("stream_options")
    guard ways == nil || isStreamed else {
      throw fields.refusal("stream_options", "\"stream\": true beside it")
    }
    tellsUsage = try ways?.bool("include_usage") ?? false
    let own = try fields.object("sparrow")
    let name = try fields.text("model")
    let chosen = try own?.word("plan", PlanChoice.self)
    plan = chosen ?? name.flatMap { PlanChoice(named: $0) }
    if plan == .sparse, !service.model.isSparse {
      let expected = "dense: this server runs without an adapter"
      throw chosen == nil
        ? fields.refusal("model", expected) : own!.refusal("plan", expected)
    }
    tellsActivity = try own?.bool("activity") ?? false
    decodesPrompt = try own?.bool("decode_prompt") ?? false
    _ = try fields.text("user")
  }

  /// Throws, naming a field, where the log-probabilities that are kept until they are told could be
  /// too many: a whole answer's, and a prompt's at once, of all choices of some prompts.
  func checkProbabilities(
    _ prompts: [[Int32]], _ fields: RequestFields, _ field: String, _ service: ModelService
  ) throws(APIError) {
    guard let logProbabilities else { return }
    let tokens = prompts.reduce(0) { sum, prompt in
      let room = max(service.scheduler.context - prompt.count, 0)
      let answer = isStreamed ? 0 : min(maximumTokens ?? room, room)
      return sum + answer + (scoresPrompt ? prompt.count : 0)
    }
    let told = tokens * choices * (1 + logProbabilities)
    guard told <= Self.probabilities else {
      throw fields.refusal(
        field,
        "fewer of them, fewer tokens or a stream: an answer holds up to \(Self.probabilities) "
          + "log-probabilities, and this one could have \(told)")
    }
  }

  /// Where a request says nothing its model's makers do, else OpenAI: the model's own distribution.
  private static func sampling(
    _ fields: RequestFields, _ service: ModelService
  ) throws(APIError) -> SamplingOptions {
    var sampling = service.model.samplingAdvice.applied(
      to: SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0))
    sampling.temperature = try fields.number("temperature", in: 0...100) ?? sampling.temperature
    sampling.topK = max(0, try fields.int("top_k", in: -1...1 << 30) ?? sampling.topK)
    sampling.topP = try fields.number("top_p", in: 0...1) ?? sampling.topP
    sampling.topP = max(sampling.topP, .leastNormalMagnitude)
    sampling.minP = try fields.number("min_p", in: 0...1) ?? sampling.minP
    if let penalty = try fields.number("repetition_penalty", in: 0.01...100) {
      sampling.repetitionPenalty = penalty
      // As transformers has it, the whole text counts.
      sampling.repetitionWindow = min(service.scheduler.context, SamplingOptions.maximumWindow)
    }
    sampling.presencePenalty = try fields.number("presence_penalty", in: -2...2) ?? 0
    sampling.frequencyPenalty = try fields.number("frequency_penalty", in: -2...2) ?? 0
    sampling.bias = try bias(fields, below: service.model.configuration.vocabulary)
    let seed = try fields.int("seed", in: Int.min...Int.max)
    sampling.seed = seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0...(.max))
    return sampling
  }

  private static func bias(
    _ fields: RequestFields, below count: Int
  ) throws(APIError) -> [Int32: Float] {
    guard let given = try fields.object("logit_bias") else { return [:] }
    var bias: [Int32: Float] = [:]
    for (key, value) in given.json.members ?? [] {
      guard let token = Int32(key), (0..<count).contains(Int(token)),
        let amount = value.double, (-100...100).contains(amount)
      else {
        throw fields.refusal("logit_bias", "tokens below \(count), each with -100 to 100")
      }
      bias[token] = Float(amount)
    }
    return bias
  }

  /// The request for one choice of one prompt: each choice has a seed of its own, the first one the
  /// seed that was given.
  func request(_ prompt: [Int32], choice: Int, _ service: ModelService) -> GenerationRequest {
    var sampling = sampling
    sampling.seed &+= UInt64(choice) &* 0xD1B5_4A32_D192_ED03
    let room = max(service.scheduler.context - prompt.count, 0)
    return GenerationRequest(
      prompt: prompt,
      options: GenerationOptions(
        maximumTokens: maximumTokens ?? room, sampling: sampling, stop: stop,
        ignoresEnd: ignoresEnd),
      plan: plan, logProbabilities: logProbabilities, scoresPrompt: scoresPrompt,
      decodesPrompt: decodesPrompt || (scoresPrompt && service.options.scoresAsDecoding),
      constraint: constraint, reportsActivity: tellsActivity)
  }
}
