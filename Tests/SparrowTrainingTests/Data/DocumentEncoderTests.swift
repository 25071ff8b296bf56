import SparrowCore
import SparrowTemplates
import SparrowTokenizers
import Testing

@testable import SparrowTraining

@Suite struct DocumentEncoderTests {
  private func encode(
    _ content: TrainingDocument.Content, _ tokenizer: Tokenizer
  ) throws -> [PackedToken] {
    try DocumentEncoder(tokenizer).encode(.init(content: content, file: "f.jsonl", line: 7))
  }

  /// The text of the tokens that are learnt, `|` where some are left out.
  private func learnt(_ tokens: [PackedToken], _ tokenizer: Tokenizer) -> String {
    tokens.split { !$0.isLearnt }.map { tokenizer.decode($0.map(\.id)) }.joined(separator: "|")
  }

  @Test func textEndsWithAnEndTokenAndIsLearntButForItsFirstToken() throws {
    let tokenizer = try TrainingTokenizer.make()
    let tokens = try encode(.text("Hello world"), tokenizer)
    #expect(tokens.map(\.id) == tokenizer.encode("Hello world") + [0])
    #expect(tokens.map(\.isLearnt) == [false] + Array(repeating: true, count: tokens.count - 1))
    #expect(
      tokens.map(\.startsDocument) == [true] + Array(repeating: false, count: tokens.count - 1))
    #expect(try encode(.text(""), tokenizer).isEmpty)
  }

  @Test func startTokensStandBeforeTexts() throws {
    let tokenizer = try TrainingTokenizer.make(from: "llama2")
    let tokens = try encode(.text("Hello world"), tokenizer)
    #expect(tokens.first?.id == tokenizer.bos && tokens.last?.id == tokenizer.eos)
    #expect(tokens.first?.isLearnt == false && tokens[1].isLearnt)
  }

  /// Special tokens in a text are text.
  @Test func textsCannotEndDocuments() throws {
    let tokens = try encode(.text("a<|end|>b"), TrainingTokenizer.make())
    #expect(tokens.count { $0.id == 0 } == 1)
  }

  @Test func onlyAnswersAndTheirEndsAreLearnt() throws {
    let tokenizer = try TrainingTokenizer.make()
    let messages: [ChatMessage] = [
      .system("be short"), .user("one?"), .assistant("first answer"), .user("two?"),
      .assistant("second"),
    ]
    let tokens = try encode(.conversation(messages), tokenizer)
    #expect(learnt(tokens, tokenizer) == "first answer<|end|>|second<|end|>")
    #expect(tokens.map(\.id).last == 0 && tokens.first?.startsDocument == true)
    let text = tokenizer.decode(tokens.map(\.id))
    #expect(text == (try tokenizer.render(messages, addGenerationPrompt: false)).text + "<|end|>")
  }

  /// The tokens of a conversation are those of its whole text, also where a border falls into a
  /// token.
  @Test func sentencePieceConversationsAreEncodedAsAWhole() throws {
    let tokenizer = try TrainingTokenizer.make(TrainingTokenizer.llama2Template, from: "llama2")
    let messages: [ChatMessage] = [
      .user("one?"), .assistant("yes"), .user("two"), .assistant("no"),
    ]
    let tokens = try encode(.conversation(messages), tokenizer)
    let text = try tokenizer.render(messages, addGenerationPrompt: false).text
    #expect(tokens.map(\.id) == tokenizer.encode(text, addSpecial: false, parseSpecial: true))
    let learnt = tokens.split { !$0.isLearnt }.map { tokenizer.decode([1] + $0.map(\.id)) }
    #expect(learnt == ["<s> yes </s>", "<s> no </s>"])
  }

  /// An answer that later turns write otherwise is not what the model would see.
  @Test func answersThatTheTemplateRewritesAreNotLearnt() throws {
    let tokenizer = try TrainingTokenizer.make(TrainingTokenizer.forgetful)
    let tokens = try encode(
      .conversation([.user("1"), .assistant("a"), .user("2"), .assistant("b")]), tokenizer)
    #expect(learnt(tokens, tokenizer) == "thought b<|end|>")
  }

  /// Prompt and answer are encoded together; a token across the border is the answer's.
  @Test func ofATaskOnlyTheAnswerIsLearnt() throws {
    let tokenizer = try TrainingTokenizer.make()
    let tokens = try encode(.answer(" world", to: "Hello"), tokenizer)
    #expect(tokens.map(\.id) == tokenizer.encode("Hello world") + [0])
    #expect(learnt(tokens, tokenizer) == " world<|end|>")
    #expect(tokens[0].startsDocument && !tokens.dropFirst().contains(where: \.startsDocument))
    let joined = try encode(.answer("lo", to: "Hel"), tokenizer)
    #expect(joined.map(\.id) == tokenizer.encode("Hello") + [0])
    #expect(!joined[0].isLearnt && joined.last?.isLearnt == true)
    let bare = try encode(.answer("a", to: ""), tokenizer)
    #expect(!bare[0].isLearnt)
    let marked = try encode(.answer("a", to: "Hello<|end|>"), tokenizer)
    #expect(marked.map(\.id) == tokenizer.encode("Hello") + [0] + tokenizer.encode("a") + [0])
  }

  @Test func conversationsWithoutATemplateOrAnAnswerAreRefused() throws {
    let chat = TrainingDocument.Content.conversation([.user("1"), .assistant("a")])
    var error = #expect(throws: SparrowError.self) {
      try encode(chat, TrainingTokenizer.make(nil))
    }
    #expect(error?.kind == .unsupported && error?.file == "f.jsonl")
    #expect(error?.field == "line 7: messages")
    error = #expect(throws: SparrowError.self) {
      try encode(chat, TrainingTokenizer.make("{{ raise_exception('no such role') }}"))
    }
    #expect(error?.kind == .malformed && error?.found.contains("no such role") == true)
    error = #expect(throws: SparrowError.self) {
      try encode(.conversation([.assistant("a")]), TrainingTokenizer.make())
    }
    #expect(error?.kind == .malformed)
  }
}
