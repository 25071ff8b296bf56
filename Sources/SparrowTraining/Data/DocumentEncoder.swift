import SparrowCore
import SparrowTemplates
import SparrowTokenizers

/// Makes tokens of documents: the model's start token where it has one, the document, an
/// end-of-text token.
///
/// The first token of a document is never learnt: what comes before it belongs to another one.
struct DocumentEncoder {
  private let tokenizer: Tokenizer
  private let end: Int32

  /// Throws `.mismatch` for a tokenizer without an end-of-text token.
  init(_ tokenizer: Tokenizer) throws(SparrowError) {
    guard let end = tokenizer.eos else {
      throw SparrowError(
        .mismatch, field: "tokenizer", found: "no end-of-text token",
        expected: "one, to part documents")
    }
    self.tokenizer = tokenizer
    self.end = end
  }

  /// A document's tokens; none for an empty text.
  ///
  /// Throws `.unsupported` for a conversation where the model has no chat template, `.malformed`,
  /// naming file and line, where the template refuses it or shows no answer.
  func encode(_ document: TrainingDocument) throws(SparrowError) -> [PackedToken] {
    switch document.content {
    case .text(let text): return encode(text)
    case .answer(let answer, let prompt): return encode(answer, to: prompt)
    case .conversation(let messages):
      do throws(SparrowError) {
        return try encode(messages)
      } catch {
        throw SparrowError(
          error.kind == .argument ? .malformed : error.kind, file: document.file,
          field: "line \(document.line): messages", found: error.found, expected: error.expected)
      }
    }
  }

  private func encode(_ text: String) -> [PackedToken] {
    guard !text.isEmpty else { return [] }
    var ids = tokenizer.encode(text, addSpecial: true, parseSpecial: false)
    if ids.last != end { ids.append(end) }
    return ids.enumerated().map { place, id in
      PackedToken(id, isLearnt: place > 0, startsDocument: place == 0)
    }
  }

  /// Prompt and answer joined as they are; the answer is learnt, and that it ends.
  ///
  /// A token that reaches across the border is the answer's, and names of control tokens are these
  /// tokens, as where tasks are scored.
  private func encode(_ answer: String, to prompt: String) -> [PackedToken] {
    let before = tokenizer.encode(prompt, addSpecial: true, parseSpecial: true)
    var ids = tokenizer.encode(prompt + answer, addSpecial: true, parseSpecial: true)
    if ids.last != end { ids.append(end) }
    let first = max(1, zip(ids, before).prefix { $0 == $1 }.count)
    return ids.enumerated().map { place, id in
      PackedToken(id, isLearnt: place >= first, startsDocument: place == 0)
    }
  }

  /// The whole conversation as the template writes it, its answers learnt.
  ///
  /// An answer is what the conversation up to it adds to the prompt for it, up to its end token.
  /// Where a template writes an earlier answer otherwise once the conversation goes on (Qwen3 drops
  /// its thoughts), that answer is not learnt: the model would never see it so.
  private func encode(_ messages: [ChatMessage]) throws(SparrowError) -> [PackedToken] {
    let (text, ids) = try render(messages, addGenerationPrompt: false)
    var learnt: [Range<Int>] = []
    for index in messages.indices.dropFirst() where messages[index].role == "assistant" {
      let (prompt, promptIDs) = try render(Array(messages[..<index]), addGenerationPrompt: true)
      let (whole, wholeIDs) = try render(Array(messages[...index]), addGenerationPrompt: false)
      guard text.utf8.starts(with: whole.utf8), whole.utf8.starts(with: prompt.utf8) else {
        continue
      }
      // A token that reaches across the border must be predicted too: it is the answer's.
      let start = zip(ids, promptIDs).prefix { $0 == $1 }.count
      var end = zip(ids, wholeIDs).prefix { $0 == $1 }.count
      guard start < end else { continue }
      // Nobody asks for what the template writes behind the end of a turn.
      let last = ids[start..<end].lastIndex { tokenizer.endTokens.contains($0) }
      if let last { end = last + 1 }
      learnt.append(start..<end)
    }
    guard !learnt.isEmpty else {
      throw SparrowError(
        .malformed, found: "a conversation that the chat template shows no answer of",
        expected: "prompts that their answers follow")
    }
    var tokens = ids.enumerated().map { place, id in
      PackedToken(id, isLearnt: false, startsDocument: place == 0)
    }
    for place in learnt.joined() where place > 0 {
      tokens[place] = PackedToken(ids[place], isLearnt: true, startsDocument: false)
    }
    if ids.last != end { tokens.append(PackedToken(end, isLearnt: false, startsDocument: false)) }
    return tokens
  }

  private func render(
    _ messages: [ChatMessage], addGenerationPrompt: Bool
  ) throws(SparrowError) -> (text: String, ids: [Int32]) {
    let prompt = try tokenizer.render(messages, addGenerationPrompt: addGenerationPrompt)
    return (prompt.text, tokenizer.encode(prompt))
  }
}

extension Tokenizer {
  /// The token that a model's own documents begin with; nil where none is known.
  ///
  /// The start token where texts get one, or what parted documents in pretraining. That need not be
  /// the end token: a chat model's ends a turn.
  var documentBoundary: Int32? {
    if addsBOS, let bos { return bos }
    let ids = encode("<|endoftext|>", addSpecial: false, parseSpecial: true)
    // GPT-2's own file says that it is the token for the unknown.
    let isOne = ids.count == 1 && [.control, .unknown].contains(kind(of: ids[0]))
    return isOne ? ids[0] : eos
  }
}
