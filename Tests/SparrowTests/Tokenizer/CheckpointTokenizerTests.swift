import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import Sparrow

@Suite struct CheckpointTokenizerTests {
  private let folder: TemporaryFolder
  private let texts = ["", "It's the 12th hour!", " \u{65E5}\u{672C}\n\n a"]

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      "model.safetensors", contents(of: Fixtures.path("models/gpt2/model.safetensors")))
  }

  private func copy(_ name: String) throws {
    try folder.write(name, contents(of: Fixtures.path("tokenizers/opt/" + name)))
  }

  @Test func theTwoFilesOfGPT2SayTheSame() throws {
    for name in ["tokenizer.json", "tokenizer_config.json"] { try copy(name) }
    let whole = try Checkpoint.open(folder.path).tokenizer()
    #expect(whole.addsBOS)

    let other = try CheckpointTokenizerTests()
    let model = try JSON.parse(folder.read("tokenizer.json"))["model"]!
    let lines = model["merges"]!.array!.map { pair in
      pair.array!.map { $0.string! }.joined(separator: " ")
    }
    try other.folder.write("vocab.json", model["vocab"]!.text())
    try other.folder.write("merges.txt", (["#version: 0.2"] + lines).joined(separator: "\n") + "\n")
    try other.folder.write(
      "tokenizer_config.json",
      #"{"bos_token": {"content": "<|end|>"}, "eos_token": "<|end|>", "add_bos_token": true}"#)
    let parts = try Checkpoint.open(other.folder.path).tokenizer()
    #expect(parts.bos == whole.bos && parts.eos == whole.eos && parts.addsBOS)
    for text in texts {
      #expect(parts.encode(text) == whole.encode(text))
      #expect(parts.decode(parts.encode(text), skipSpecial: true) == text)
    }
  }

  @Test func endTokensComeFromTheGenerationConfiguration() throws {
    for name in ["tokenizer.json", "tokenizer_config.json"] { try copy(name) }
    func ends() throws -> Set<Int32> {
      let checkpoint = try Checkpoint.open(folder.path)
      return try checkpoint.endTokens(checkpoint.tokenizer())
    }
    let eos = try #require(Checkpoint.open(folder.path).tokenizer().eos)
    #expect(try ends() == [eos])
    for (json, expected) in [("7", [eos, 7]), ("[8, 9]", [eos, 8, 9]), ("null", [eos])] {
      try folder.write("generation_config.json", #"{"eos_token_id": \#(json)}"#)
      #expect(try ends() == Set(expected))
    }
    for json in ["-1", "[100000]", #""x""#] {
      try folder.write("generation_config.json", #"{"eos_token_id": \#(json)}"#)
      #expect(throws: SparrowError.self) { try ends() }
    }
  }

  @Test func endTokensComeFromTheConfigurationWhereThereIsNoOther() throws {
    for name in ["tokenizer.json", "tokenizer_config.json"] { try copy(name) }
    func ends(_ config: String) throws -> Set<Int32> {
      try folder.write("config.json", config)
      let checkpoint = try Checkpoint.open(folder.path)
      return try checkpoint.endTokens(checkpoint.tokenizer())
    }
    let eos = try #require(Checkpoint.open(folder.path).tokenizer().eos)
    #expect(try ends(#"{"eos_token_id": [7, 8]}"#) == [eos, 7, 8])
    #expect(try ends(#"{"eos_token_id": 9}"#) == [eos, 9])
    #expect(try ends(#"{"text_config": {"eos_token_id": 9}}"#) == [eos, 9])
    // Ids that the tokenizer does not have end nothing.
    #expect(try ends(#"{"eos_token_id": [50256, -1, "x", null]}"#) == [eos])
    try folder.write("generation_config.json", #"{"eos_token_id": 3}"#)
    #expect(try ends(#"{"eos_token_id": [7, 8]}"#) == [eos, 3])
  }

  @Test func aTemplateMayBeGiven() throws {
    for name in ["tokenizer.json", "tokenizer_config.json"] { try copy(name) }
    try folder.write("chat_template.jinja", "{% broken")
    let template = try ChatTemplate(source: "[{{ messages[0].content }}]", file: "given")
    let tokenizer = try Checkpoint.open(folder.path).tokenizer(chatTemplate: template)
    #expect(tokenizer.chatTemplateProblem == nil)
    #expect(try tokenizer.render([.user("hi")]).text == "[hi]")
  }

  @Test func aFolderOfTwoFilesAndAddedTokensIsReadWhole() throws {
    try copy("tokenizer.json")
    let model = try JSON.parse(folder.read("tokenizer.json"))["model"]!
    let other = try CheckpointTokenizerTests()
    let merges = model["merges"]!.array!.map { pair in
      pair.array!.map { $0.string! }.joined(separator: " ")
    }
    let count = model["vocab"]!.members!.count
    try other.folder.write("vocab.json", model["vocab"]!.text())
    try other.folder.write("merges.txt", merges.joined(separator: "\n"))
    try other.folder.write("added_tokens.json", #"{"<tool>": \#(count)}"#)
    try other.folder.write("special_tokens_map.json", #"{"eos_token": "<tool>"}"#)
    try other.folder.write("config.json", #"{"model_type": "gpt2"}"#)
    let tokenizer = try Checkpoint.open(other.folder.path).tokenizer()
    #expect(tokenizer.eos == Int32(count))
    #expect(tokenizer.encode("a<tool>b", parseSpecial: true).contains(Int32(count)))
  }

  @Test func chatTemplatesComeFromTheirFileFirst() throws {
    try copy("tokenizer.json")
    #expect(try Checkpoint.open(folder.path).tokenizer().chatTemplate == nil)
    try folder.write("tokenizer_config.json", #"{"chat_template": "{% broken"}"#)
    #expect(try Checkpoint.open(folder.path).tokenizer().chatTemplateProblem != nil)
    try folder.write(
      "tokenizer_config.json",
      #"{"chat_template": [{"name": "default", "template": "{{ bos_token }}"}]}"#)
    #expect(try Checkpoint.open(folder.path).tokenizer().chatTemplate != nil)
    try folder.write("chat_template.jinja", "{% broken")
    #expect(try Checkpoint.open(folder.path).tokenizer().chatTemplate == nil)
  }

  @Test func aFolderWithoutTokenizerIsRefused() throws {
    #expect(throws: SparrowError.self) { try Checkpoint.open(folder.path).tokenizer() }
  }
}
