public import SparrowCore
import SparrowEngine
public import SparrowTemplates
internal import SparrowTokenizers

extension Session {
  /// Continues `prompt`, giving out text as it comes; `receive` returns false to stop.
  ///
  /// Special tokens written in the prompt are read as such; the first prompt of a session begins
  /// with the model's own. A token at a time costs one step of the model. Throws as `append` does.
  @discardableResult
  public func generate(
    _ prompt: String, options: GenerationOptions = GenerationOptions(),
    receive: (String) -> Bool = { _ in true }
  ) throws(SparrowError) -> GenerationResult {
    let tokens = model.tokenizer.encode(
      prompt, addSpecial: self.tokens.isEmpty, parseSpecial: true)
    return try generate(tokens: tokens, options: options, receive: receive)
  }

  /// Answers a conversation through the model's chat template; as `generate`, but that control
  /// tokens written in a message stay text.
  ///
  /// The session keeps what it shares with the conversation's rendered beginning, so that a growing
  /// conversation costs only its new part. Throws `.unsupported` when the model has no template.
  @discardableResult
  public func reply(
    to messages: [ChatMessage], options: GenerationOptions = GenerationOptions(),
    receive: (String) -> Bool = { _ in true }
  ) throws(SparrowError) -> GenerationResult {
    let all = model.tokenizer.encode(try model.render(messages))
    let shared = zip(all, tokens).prefix { $0 == $1 }.count
    truncate(to: max(0, min(shared, all.count - 1)))
    return try generate(
      tokens: Array(all[tokens.count...]), options: options, receive: receive)
  }

  /// Continues `prompt`'s tokens; as `generate(_:)`.
  @discardableResult
  public func generate(
    tokens prompt: [Int32], options: GenerationOptions = GenerationOptions(),
    receive: (String) -> Bool = { _ in true }
  ) throws(SparrowError) -> GenerationResult {
    guard !prompt.isEmpty else {
      throw SparrowError(
        .argument, file: model.path, field: "prompt", found: "no tokens", expected: "some text")
    }
    var generation = try Generation(
      model, options, after: tokens, prompt: prompt, context: context)
    let start = monotonicSeconds()
    var promptEnd = start
    do throws(SparrowError) {
      let amongGreatest = generation.choosesAmongGreatest
      var token = try advance(
        prompt, amongGreatest: amongGreatest, isCancelled: { !receive("") }
      ) { choose($0, &generation) }
      promptEnd = monotonicSeconds()
      while !generation.isEnded {
        let wanted = receive(generation.take(token))
        if generation.isEnded { break }
        if !wanted { throw .stopped }
        token = try advance(token, amongGreatest: amongGreatest) { choose($0, &generation) }
      }
    } catch  where error.kind == .cancelled {
      generation.cancel()
    }
    generation.note(
      promptSeconds: promptEnd - start, decodeSeconds: monotonicSeconds() - promptEnd)
    return generation.result
  }

  private func choose(_ output: HeadOutput, _ generation: inout Generation) -> Int32 {
    generation.choose(output) ?? generation.choose(model.backend.denseOutput(row: output.row))!
  }
}

extension Model {
  /// A conversation as the model's chat template writes it, ready for the assistant's answer.
  ///
  /// Throws `.unsupported` when the model has no chat template or it uses what Sparrow does not
  /// know.
  public func render(_ messages: [ChatMessage]) throws(SparrowError) -> ChatPrompt {
    do throws(SparrowError) {
      return try tokenizer.render(messages)
    } catch {
      throw error.inFile(path)
    }
  }
}
