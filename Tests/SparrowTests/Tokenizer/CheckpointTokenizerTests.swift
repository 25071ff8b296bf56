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
