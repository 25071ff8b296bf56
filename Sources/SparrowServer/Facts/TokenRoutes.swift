import Sparrow

/// `/tokenize`, `/detokenize` and `/tokenizer_info`, in vLLM's shapes.
struct TokenRoutes: Sendable {
  let service: ModelService

  func tokenize(_ request: ServerRequest) throws(APIError) -> ServerAnswer {
    let fields = try RequestFields(body: request.body)
    let tokens = try tokens(fields)
    let texts: JSON =
      try fields.bool("return_token_strs")
      ? .array(tokens.map { .string(distinctText(service.tokenizer.bytes(of: $0))) }) : .null
    return ServerAnswer([
      "count": .integer(tokens.count), "max_model_len": .integer(service.scheduler.context),
      "tokens": .array(tokens.map { .integer(Int($0)) }), "token_strs": texts,
    ])
  }

  private func tokens(_ fields: RequestFields) throws(APIError) -> [Int32] {
    if fields["messages"] != nil {
      return try service.prompt(ChatMessages(fields), ToolSet(fields), field: "messages")
    }
    guard let text = try fields.text("prompt") else {
      throw fields.refusal("prompt", "a text, or messages")
    }
    let addsSpecial = try fields.bool("add_special_tokens", default: true)
    return service.tokenizer.encode(text, addSpecial: addsSpecial, parseSpecial: true)
  }

  func detokenize(_ request: ServerRequest) throws(APIError) -> ServerAnswer {
    let fields = try RequestFields(body: request.body)
    let count = service.model.configuration.vocabulary
    let items = try fields.list("tokens")
    let tokens = items?.compactMap { item in
      item.int.flatMap { (0..<count).contains($0) ? Int32($0) : nil }
    }
    guard let tokens, tokens.count == items?.count else {
      throw fields.refusal("tokens", "a list of tokens from 0 to \(count - 1)")
    }
    return ServerAnswer(["prompt": .string(service.tokenizer.decode(tokens))])
  }

  var information: ServerAnswer {
    let tokenizer = service.tokenizer
    func text(_ token: Int32?) -> JSON {
      token.map { .string(String(decoding: tokenizer.bytes(of: $0), as: UTF8.self)) } ?? .null
    }
    return ServerAnswer([
      "tokenizer_class": "SparrowTokenizer",
      "chat_template": tokenizer.chatTemplate.map { .string($0.source) } ?? .null,
      "bos_token": text(tokenizer.bos), "eos_token": text(tokenizer.eos), "pad_token": .null,
      "bos_token_id": .optional(tokenizer.bos.map { Int($0) }),
      "eos_token_id": .optional(tokenizer.eos.map { Int($0) }),
      "vocab_size": .integer(tokenizer.vocabularySize),
      "add_bos_token": .bool(tokenizer.addsBOS),
      "model_max_length": .integer(service.scheduler.context),
    ])
  }
}
