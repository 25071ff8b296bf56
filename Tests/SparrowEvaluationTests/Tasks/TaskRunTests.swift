import CSparrowKernels
import Sparrow
import SparrowCore
import SparrowMeasure
import SparrowTestModels
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import SparrowEvaluation

@Suite struct TaskRunTests {
  static let tasks = """
    {"prompt": "In the beginning", "choices": [" was the word", " a", " bread"], "answer": 0}
    {"prompt": "the sparrow ate ", "choices": ["12", "crumbs of bread"], "answer": 1}
    {"prompt": "In the", "answers": ["x"], "stop": ["e"]}
    """

  static func items() throws -> [TaskItem] { try TaskItem.parse(tasks, file: "t") }

  /// The definition: the whole text scored as one batch.
  @Test(arguments: [0, 1])
  func choicesAreScoredByTheirLogProbability(index: Int) throws {
    let model = try SparseModel.load()
    let item = try Self.items()[index]
    guard case .choice(let choices, _) = item.question else { return }
    let run = try TaskRun(model, maximumTokens: 4)
    let found = try run.logProbabilities(of: choices, item)
    for (choice, found) in zip(choices, found) {
      let start = model.tokenizer.addsBOS ? [model.tokenizer.bos!] : []
      func encode(_ text: String) -> [Int32] {
        start + model.tokenizer.encode(text, addSpecial: false)
      }
      let prompt = encode(TaskAnswer.trimmed(item.prompt))
      let whole = encode(item.prompt + choice)
      var sum = 0.0
      try model.session(context: 64).score(whole, from: 0) { position, _, logits in
        guard position >= prompt.count - 1, position + 1 < whole.count else { return }
        let total = sk_log_sum_exp(logits.baseAddress, Int32(logits.count))
        sum += Double(logits[Int(whole[position + 1])] - total)
      }
      #expect(Array(whole.prefix(prompt.count)) == prompt)
      #expect(abs(found - sum) < 1e-5 && sum < 0)
    }
  }

  @Test func anEmptyPromptIsTheModelsFirstToken() throws {
    var tried = 0
    for name in ["smollm2", "gpt2"] {
      let model = try Model.load(Fixtures.path("models/" + name))
      guard !model.tokenizer.addsBOS, let first = model.tokenizer.bos ?? model.tokenizer.eos else {
        continue
      }
      tried += 1
      let items = try TaskItem.parse(
        """
        {"prompt": "", "choices": ["a b", "b"], "answer": 0}
        {"prompt": " ", "choices": ["a b", "b"], "answer": 0}
        {"prompt": "", "answers": ["a"]}
        """, file: "t")
      let run = try TaskRun(model, maximumTokens: 4)
      let found = try run.logProbabilities(of: ["a b", "b"], items[0])
      let whole = [first] + model.tokenizer.encode("a b", addSpecial: false)
      var sum = 0.0
      try model.session(context: 16).score(whole, from: 0) { position, _, logits in
        guard position + 1 < whole.count else { return }
        let total = sk_log_sum_exp(logits.baseAddress, Int32(logits.count))
        sum += Double(logits[Int(whole[position + 1])] - total)
      }
      #expect(abs(found[0] - sum) < 1e-5, "\(name)")
      let answers = try TaskRun.answers(model, to: items, maximumTokens: 4, isDense: true)
      #expect(answers.count == 3)
    }
    #expect(tried > 0)
  }

  @Test func aSparseHeadChoosesAsTheDenseModel() throws {
    let model = try SparseModel.load()
    let items = try Self.items()
    let dense = try TaskRun.answers(model, to: items, maximumTokens: 6, isDense: true)
    let sparse = try TaskRun.answers(model, to: items, maximumTokens: 6, isDense: false)
    #expect(dense.prefix(2) == sparse.prefix(2))
    let text = try model.session(context: 64)
      .generate("In the", options: .init(maximumTokens: 6, stop: ["e"])).text
    #expect(sparse[2] == TaskAnswer(text: text))
  }

  @Test func aTaskLongerThanTheContextIsNamed() throws {
    let model = try SparseModel.load()
    let words = String(repeating: "word ", count: model.configuration.contextLength)
    let items = try TaskItem.parse(
      Self.tasks + "\n{\"prompt\": \"\(words)\", \"answers\": [\"a\"]}", file: "t")
    let error = #expect(throws: SparrowError.self) {
      try TaskRun.answers(model, to: items, maximumTokens: 2, isDense: false)
    }
    #expect(error?.kind == .argument && error?.field == "line 4: prompt")
  }

  @Test(arguments: [0, 1, 2])
  func stopsWhenAsked(at end: Int) throws {
    let model = try SparseModel.load()
    let items = try Self.items()
    let error = #expect(throws: SparrowError.self) {
      try TaskRun.answers(
        model, to: items, maximumTokens: 6, isDense: true,
        progress: Progress { $0.count!.done < end })
    }
    #expect(error?.kind == .cancelled)
  }

  @Test func aDenseModelHasNoSparseAnswers() throws {
    let model = try Model.load(Fixtures.path("models/llama3"), options: LoadOptions(threads: 1))
    #expect(throws: SparrowError.self) {
      try TaskRun.answers(model, to: try Self.items(), maximumTokens: 2, isDense: false)
    }
  }
}
