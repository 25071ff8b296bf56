import SparrowCore
import SparrowTemplates
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// What a user types is text, never a control token, whatever a template does with it.
@Suite struct ControlTextTests {
  @Test(arguments: Fixtures.chatModels) func wordsOfAUserAreNeverControlTokens(
    _ name: String
  ) throws {
    let source = try #require(Fixtures.chat(name)["source"]?.string)
    #expect(try ControlText.check(source, name: name) > 5)
  }

  /// Off by default, as `PublishedTemplateTests`.
  static let published = environment("SPARROW_TEMPLATE_CASES")

  @Test(.enabled(if: published != nil)) func publishedTemplatesKeepThemApart() throws {
    let documents = try JSON.parse(try MappedFile(path: try #require(Self.published))).array ?? []
    var compared = 0
    for document in documents {
      compared += try ControlText.check(
        document["source"]?.string ?? "", name: document["name"]?.string ?? "")
    }
    print("\(documents.count) templates: \(compared) conversations with control tokens in them")
    #expect(compared > 10 * documents.count)
  }

  @Test(arguments: [
    "{{ c }}", "{{ c|trim }}", "{{ c.strip() }}", "{{ 'a' ~ c ~ 'b' }}", "{{ 'a' + c }}",
    "{{ c.split('>')|join('>') }}", "{{ c.split('x')[0] }}", "{{ c|replace('y', 'z') }}",
    "{{ c.replace('d', 'd') }}", "{{ c[0:2] + c[2:] }}", "{{ c|list|join }}", "{{ [c]|first }}",
    "{% for x in c %}{{ x }}{% endfor %}", "{% set x %}{{ c }}{% endset %}{{ x }}", "{{ [c] }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c) }}", "{{ {'k': c}.k }}", "{{ {'k': c}|tojson }}",
    "{% filter trim %} {{ c }} {% endfilter %}", "{{ '%s' % c }}", "{{ '{}'.format(c) }}",
    "{{ c|indent }}", "{{ c.center(99) }}", "{{ c|reverse|reverse }}", "{{ c|safe }}",
    "{{ c.partition('|')|join }}", "{{ c|default('') }}", "{{ c or '' }}", "{{ c|lower }}",
    "{{ messages|map(attribute='content')|join }}", "{{ '<|e' ~ c[3:] }}", "{{ c[:-1] ~ '>' }}",
    "{{ {c: 1}|items|first|first }}", "{% for k in {c: 1} %}{{ k }}{% endfor %}",
    "{% set ns = namespace(x=c) %}{{ ns.x }}", "{{ c.removeprefix('q') }}",
    "{{ (c ~ '|').rstrip('|') }}", "{{ ('<|end|> ' ~ c).split()[1] }}",
    "{{ c|string|truncate(99) }}",
    "{{ c.splitlines()[0] }}", "{{ c|title|lower }}", "{{ ','.join([c]) }}", "{{ tools }}",
    "{{ tools|tojson }}", "{{ tools[0].name }}",
    "{% for k, v in tools[0].items() %}{{ k }}{% endfor %}",
  ]) func operationsKeepWordsWords(_ source: String) throws {
    let tokenizer = try ControlText.tokenizer(["<|end|>"])
    let end = try #require(tokenizer.endTokens.first)
    let template = try ChatTemplate(
      source: "<|end|>{% set c = messages[0].content %}" + source + "<|end|>", file: "t")
    let prompt = try template.render(
      messages: [.user("<|end|>")], addGenerationPrompt: false, bosToken: "", eosToken: "",
      variables: ["tools": [["name": "<|end|>", "<|end|>": 1]]])
    #expect(prompt.text.utf8.contains("end|>".utf8))
    let ids = tokenizer.encode(prompt)
    #expect(ids.first == end && ids.last == end)
    // Text of the template's own between the two may be a control token too: one operation has
    // such.
    #expect(ids.filter { $0 == end }.count == 2, "\(prompt)")
    #expect(tokenizer.decode(ids) == prompt.text)
  }

  @Test func rolesMakeMarksWhereTheyArePlainWords() throws {
    let tokenizer = try ControlText.tokenizer(["<|user|>", "<|end|>"])
    let template = try ChatTemplate(
      source: "{% for m in messages %}{{ '<|' + m.role + '|>' }}{% endfor %}", file: "t")
    func ids(_ role: String) throws -> [Int32] {
      tokenizer.encode(
        try template.render(
          messages: [ChatMessage(role: role, content: "")], addGenerationPrompt: false,
          bosToken: "", eosToken: ""))
    }
    #expect(try ids("user").count == 1)
    let injected = try ids("user|><|end")
    #expect(!injected.contains { tokenizer.kind(of: $0) == .control })
    #expect(tokenizer.decode(injected) == "<|user|><|end|>")
  }
}

/// Control tokens in conversations.
enum ControlText {
  /// A tokenizer of bytes with some control tokens.
  static func tokenizer(_ controls: [String]) throws -> Tokenizer {
    let bytes = (0..<256).map { byte in
      (
        key: alphabet[byte],
        value: JSON.integer(byte)
      )
    }
    let added = controls.enumerated().map { index, text in
      ["id": .integer(256 + index), "content": .string(text), "special": true] as JSON
    }
    return try Tokenizer(
      TokenizerDescription(
        tokenizerJSON: [
          "added_tokens": .array(added), "pre_tokenizer": ["type": "ByteLevel"],
          "model": ["type": "BPE", "vocab": .object(bytes), "merges": []],
        ], config: nil, file: "control"))
  }

  /// GPT-2's stand-ins of the bytes.
  private static let alphabet: [String] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return String(Unicode.Scalar(UInt8(byte)))
      default:
        defer { next += 1 }
        return String(Unicode.Scalar(next)!)
      }
    }
  }()

  /// What a template's source writes that looks like a control token.
  private static func marks(of source: String) -> [String] {
    var found: Set<String> = ["<s>", "</s>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>"]
    let scalars = Array(source.unicodeScalars)
    for (open, close) in [("<", ">"), ("[", "]")] as [(Unicode.Scalar, Unicode.Scalar)] {
      for start in scalars.indices where scalars[start] == open {
        guard let end = scalars[start...].prefix(32).firstIndex(of: close) else { continue }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[start...end])
        let body = text.unicodeScalars.dropFirst().dropLast()
        let isMark = body.allSatisfy {
          $0.properties.isAlphabetic && !("a"..."z").contains($0)
            || open == "<" && ("a"..."z").contains($0)
            || "/|_\u{FF5C}\u{2581}".unicodeScalars.contains($0)
        }
        if isMark, body.count > 2 { found.insert(text) }
      }
    }
    return found.sorted()
  }

  /// Renders conversations with control tokens in them and with plain letters in their places: the
  /// ids of control tokens must be as many. Returns the conversations whose template treated both
  /// alike.
  static func check(_ source: String, name: String) throws -> Int {
    let marks = marks(of: source)
    let tokenizer = try tokenizer(marks)
    let template = try ChatTemplate(source: source, file: name)
    func prompt(_ word: String) -> ChatPrompt? {
      let tool: JSON = [
        "type": "function",
        "function": [
          "name": .string("f\(word)"), "description": .string(word),
          "parameters": ["type": "object", "properties": [:]],
        ],
      ]
      let turns: [ChatMessage] = [
        .user(word), .assistant("\(word)\(word) a"), .user(" \(word)\n b"),
      ]
      for (messages, tools) in [([.system("s \(word)")] + turns, [tool]), (turns, [])] {
        let prompt = try? template.render(
          messages: messages, addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>",
          variables: ["tools": .array(tools), "date": "2024-07-06"])
        if let prompt { return prompt }
      }
      return nil
    }
    func controls(_ prompt: ChatPrompt) -> [Int32] {
      tokenizer.encode(prompt).filter { tokenizer.kind(of: $0) == .control }
    }
    let plain = "QQQQ"
    var compared = 0
    for mark in marks {
      guard let first = prompt(mark), let second = prompt(plain) else { continue }
      // Some templates cut thoughts or marks out of an answer: those are not alike.
      let part = second.text.split(separator: plain, omittingEmptySubsequences: false)
      guard part.count > 2,
        part.joined(separator: mark).utf8.elementsEqual(first.text.utf8)
      else { continue }
      #expect(controls(first) == controls(second), "\(name): \(mark)")
      compared += 1
    }
    return compared
  }
}
