import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// Folders of tokenizers as people have them against transformers' ids for the class that they
/// name.
@Suite struct FolderTests {
  private static let folders: [JSON] = {
    let path = Fixtures.path("tokenizers/folders.json")
    return (try? JSON.parse(MappedFile(path: path)))?.array ?? []
  }()

  /// The files of a folder of the fixture.
  private static func files(_ folder: JSON) throws -> TokenizerFiles {
    func json(_ name: String) throws -> JSON? {
      try folder["files"]?[name]?.string.map { try JSON.parse(Array($0.utf8), file: name) }
    }
    var files = TokenizerFiles()
    files.tokenizer = try json("tokenizer.json")
    files.config = folder["config"]
    files.specialTokens = try json("special_tokens_map.json")
    files.addedTokens = try json("added_tokens.json")
    files.vocabulary = try json("vocab.json")
    files.merges = folder["files"]?["merges.txt"]?.string
    files.sentencePiece = folder["files"]?["tokenizer.model"]?.string.map(bytes)
    files.modelType = folder["model"]?.string
    return files
  }

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { index in
      UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0
    }
  }

  @Test(arguments: folders.map { $0["name"]?.string ?? "" }) func idsAreTransformers(
    name: String
  ) throws {
    let folder = try #require(Self.folders.first { $0["name"]?.string == name })
    let tokenizer = try Tokenizer(TokenizerDescription(Self.files(folder), folder: name))
    for item in folder["cases"]?.array ?? [] {
      let text = item.array?[0].string ?? ""
      let expected = item.array?[1].array?.compactMap { $0.int.map { Int32($0) } }
      #expect(
        tokenizer.encode(text, parseSpecial: true) == expected, "\(name): \(text.debugDescription)")
    }
  }

  @Test func thereAreManyFolders() { #expect(Self.folders.count > 15) }

  @Test(
    arguments: [
      ("BertTokenizer", nil), ("PreTrainedTokenizerFast", nil), ("T5Tokenizer", "t5"),
      (nil, "bert"),
      ("LlamaTokenizer", nil), ("LlamaTokenizer", "mistral"),
    ] as [(String?, String?)]) func classesThatAreNotKnownAreRefused(
      _ name: String?, _ model: String?
    ) throws
  {
    let folder = try #require(Self.folders.first { $0["name"]?.string == "gpt2" })
    var files = try Self.files(folder)
    files.config = name.map { ["tokenizer_class": .string($0)] } ?? [:]
    files.modelType = model
    do throws(SparrowError) {
      _ = try TokenizerDescription(files, folder: "f")
      Issue.record("no error")
    } catch {
      #expect(error.kind == .unsupported && error.field == "tokenizer_class", "\(error)")
      #expect(error.description.contains("GPT2Tokenizer"))
    }
  }

  @Test(arguments: [
    ("0a00", SparrowError.Kind.malformed), ("", .malformed), ("ff", .malformed),
    ("0a030a0161", .unsupported), ("0a030a016112021803", .unsupported),
    ("0a030a016112021804", .unsupported), ("0a030a0161120218021a03120161", .unsupported),
    ("0a040a02c328", .malformed), ("0a050a01611809", .malformed),
  ]) func sentencePieceModelsAreCheckedFirst(_ model: String, _ kind: SparrowError.Kind) throws {
    let error = #expect(throws: SparrowError.self) {
      try SentencePieceModel(Self.bytes(model), file: "tokenizer.model")
    }
    #expect(error?.kind == kind, "\(error!)")
    #expect(error?.file == "tokenizer.model")
  }

  @Test func damagedFilesThrowOrWork() throws {
    var mutator = Mutator(seed: 17)
    var accepted = 0
    for folder in Self.folders {
      for name in folder["files"]?.members?.map(\.key) ?? [] {
        for _ in 0..<24 {
          var files = try Self.files(folder)
          let text = folder["files"]?[name]?.string ?? ""
          let sample = name == "tokenizer.model" ? Self.bytes(text) : Array(text.utf8)
          if try Self.damage(&files, name, mutator.mutate(sample)) { accepted += 1 }
        }
      }
      for _ in 0..<24 {
        var files = try Self.files(folder)
        let config = Array((folder["config"] ?? [:]).text().utf8)
        if try Self.damage(&files, "tokenizer_config.json", mutator.mutate(config)) {
          accepted += 1
        }
      }
    }
    #expect(accepted > 20)
  }

  /// Reads a folder with one file damaged; false where that throws.
  private static func damage(
    _ files: inout TokenizerFiles, _ name: String, _ bytes: [UInt8]
  ) throws -> Bool {
    do throws(SparrowError) {
      switch name {
      case "tokenizer.json": files.tokenizer = try JSON.parse(bytes)
      case "tokenizer_config.json": files.config = try JSON.parse(bytes)
      case "special_tokens_map.json": files.specialTokens = try JSON.parse(bytes)
      case "added_tokens.json": files.addedTokens = try JSON.parse(bytes)
      case "vocab.json": files.vocabulary = try JSON.parse(bytes)
      case "merges.txt": files.merges = String(decoding: bytes, as: UTF8.self)
      default: files.sentencePiece = bytes
      }
      let tokenizer = try Tokenizer(TokenizerDescription(files, folder: "f"))
      _ = tokenizer.decode(
        tokenizer.encode("the \u{E9} <tool>\n 12 <|im_end|>", parseSpecial: true))
      return true
    } catch {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
      return false
    }
  }
}
