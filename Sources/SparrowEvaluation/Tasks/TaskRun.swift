public import Sparrow
import SparrowEngine
public import SparrowCore
public import SparrowMeasure
import SparrowTokenizers

/// Answers tasks with a model as it generates: the prompt in dense batches, what follows decoded
/// token by token.
public final class TaskRun {
  private let model: Model
  private let session: Session
  private let maximumTokens: Int

  init(_ model: Model, maximumTokens: Int) throws(SparrowError) {
    self.model = model
    self.maximumTokens = maximumTokens
    session = try model.session()
  }

  /// A model's answers, one for each item; `isDense` runs its dense self instead.
  ///
  /// Generations are greedy and at most `maximumTokens` long. `progress` is asked for each
  /// token of a generation. Throws `.argument` for a dense model,
  /// and, naming the line, for a task that the model's context cannot hold.
  public static func answers(
    _ model: Model, to items: [TaskItem], maximumTokens: Int, isDense: Bool,
    progress: Progress = .none
  ) throws(SparrowError) -> [TaskAnswer] {
    guard isDense else {
      try model.requireAdapter()
      return try TaskRun(model, maximumTokens: maximumTokens).answer(items, progress)
    }
    let base = try model.base()
    let run = try TaskRun(base, maximumTokens: maximumTokens)
    run.session.isDense = true
    return try run.answer(items, progress)
  }

  private func answer(
    _ items: [TaskItem], _ progress: Progress
  ) throws(SparrowError) -> [TaskAnswer] {
    var answers: [TaskAnswer] = []
    for (done, item) in items.enumerated() {
      let count = Progress.Count(done, of: items.count, .items("tasks"))
      try progress.report(count)
      answers.append(try answer(item) { (try? progress.report(count)) != nil })
    }
    return answers
  }

  private func answer(
    _ item: TaskItem, isWanted: () -> Bool
  ) throws(SparrowError) -> TaskAnswer {
    session.clear()
    switch item.question {
    case .choice(let choices, _):
      return TaskAnswer(
        logProbabilities: try logProbabilities(of: choices, item), choices: choices)
    case .generation(_, let stop, _), .writing(_, let stop):
      let encoded = encode(item.prompt)
      let tokens = encoded.isEmpty ? beginning : encoded
      try check(tokens, item)
      let result = try session.generate(
        tokens: tokens, options: .init(maximumTokens: maximumTokens, stop: stop)
      ) { _ in isWanted() }
      guard result.reason != .cancelled else { throw .stopped }
      return TaskAnswer(text: result.text)
    }
  }

  /// Log-probabilities of whole choices after the prompt, in nats, by the dense head over the
  /// body's states.
  ///
  /// Prompt and choice are encoded together, as lm-evaluation-harness does; white space at the
  /// prompt's end and tokens that reach over it count with the choice.
  func logProbabilities(
    of choices: [String], _ item: TaskItem
  ) throws(SparrowError) -> [Double] {
    let bare = String(item.prompt.reversed().drop(while: \.isWhitespace).reversed())
    var prompt = encode(bare)
    var texts = choices.map { encode(item.prompt + $0) }
    // What all begin with; each keeps a token to score.
    var shared = texts.reduce(prompt.count) { count, text in
      min(count, text.count - 1, zip(prompt, text).prefix { $0 == $1 }.count)
    }
    if shared == 0 {
      (prompt, texts, shared) = (beginning, texts.map { beginning + $0 }, beginning.count)
    }
    try check(Array(prompt.prefix(shared)), item)
    for text in texts { try check(text, item) }
    let first = try session.advance(Array(prompt.prefix(shared))) { output in
      logProbabilities(of: texts.map { $0[shared] }, output)
    }
    var sums: [Double] = []
    for (text, first) in zip(texts, first) {
      session.truncate(to: shared)
      var sum = first
      for index in shared..<text.count - 1 {
        sum += try session.advance(text[index]) { output in
          logProbabilities(of: [text[index + 1]], output)[0]
        }
      }
      sums.append(sum)
    }
    return sums
  }

  private func logProbabilities(of tokens: [Int32], _ output: HeadOutput) -> [Double] {
    let body = model.bodyLogits(output)
    let total = body.logSumExp
    return tokens.map { Double(body.logits[Int($0)] - total) }
  }

  /// What stands where a prompt has no tokens, as in lm-evaluation-harness: the model's first
  /// token, else its last.
  private var beginning: [Int32] {
    (model.tokenizer.bos ?? model.tokenizer.eos).map { [$0] } ?? []
  }

  /// The text's tokens after the model's first; no token ends it, since something follows.
  private func encode(_ text: String) -> [Int32] {
    let tokens = model.tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    return (model.tokenizer.addsBOS ? model.tokenizer.bos.map { [$0] } ?? [] : []) + tokens
  }

  private func check(_ tokens: [Int32], _ item: TaskItem) throws(SparrowError) {
    guard (1...session.context).contains(tokens.count) else {
      throw item.error(
        .argument, "prompt", found: "\(tokens.count) tokens",
        expected: "1 to \(session.context), choice included")
    }
  }
}
