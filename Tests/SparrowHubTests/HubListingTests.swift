import SparrowCore
import Testing

@testable import SparrowHub

struct HubListingTests {
  static func choose(_ names: [String], _ selection: String? = nil) throws -> [String] {
    let siblings = names.map { "{\"rfilename\":\"\($0)\",\"size\":1}" }.joined(separator: ",")
    let json = try JSON.parse("{\"sha\":\"c\",\"siblings\":[\(siblings)]}")
    let job = PullJob(
      source: .hub(repository: "o/n", selection: selection), environment: [:], work: "", ready: "",
      progress: .none)
    let chosen = try HubListing(json: json, file: "x").choose(selection, job)
    return [chosen.entry] + chosen.files.map(\.name)
  }

  @Test("the model's files are chosen")
  func chooses() throws {
    let folder = [
      "README.md", "config.json", "tokenizer.json", "onnx/model.onnx", "model.safetensors",
    ]
    #expect(
      try Self.choose(folder) == ["", "config.json", "tokenizer.json", "model.safetensors"])
    #expect(
      try Self.choose(folder + ["x.gguf"], "x.gguf") == ["x.gguf", "x.gguf"])
    let shards = [
      "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ]
    #expect(try Self.choose(shards) == [""] + shards)
    let many = ["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-q8_0.gguf", "mmproj-f16.gguf"]
    #expect(try Self.choose(many) == ["m-Q4_K_M.gguf", "m-Q4_K_M.gguf"])
    #expect(try Self.choose(many, "Q8_0") == ["m-q8_0.gguf", "m-q8_0.gguf"])
    #expect(try Self.choose(["sub/a.gguf"]) == ["a.gguf", "sub/a.gguf"])
  }

  @Test(
    "a quantisation is whole words of the file's name or its folder's, in any case",
    arguments: [
      ("UD-Q4_K_XL", "m-UD-Q4_K_XL.gguf"), ("Q4_K_XL", "m-UD-Q4_K_XL.gguf"),
      ("Q4_K_M", "m-Q4_K_M.gguf"), ("ud-q4_k_m", "m-UD-Q4_K_M.gguf"), ("q4_k", "m-Q4_K.gguf"),
      ("IQ4_XS", "m.i1-IQ4_XS.gguf"), ("BF16", "BF16/m.gguf"), ("F16", "m_f16.gguf"),
      ("MXFP4_MOE", "m-MXFP4_MOE.gguf"), ("Q8_0", "q8_0/weights.gguf"), ("TQ1_0", "m-TQ1_0.gguf"),
      ("m-q4_k", "m-Q4_K.gguf"), ("m-Q4_K_M.gguf", "m-Q4_K_M.gguf"),
      ("weights", "q8_0/weights.gguf"),
      ("weights.gguf", "q8_0/weights.gguf"), ("imatrix.gguf", "imatrix.gguf"),
      ("FP32", "m.F32.gguf"),
    ])
  func quantisations(tag: String, file: String) throws {
    let names = [
      "mmproj-BF16.gguf", "mmproj-F16.gguf", "imatrix.gguf", "m-imatrix.gguf", "m-Q4_K.gguf",
      "m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-UD-Q4_K_M.gguf", "m-UD-Q4_K_XL.gguf",
      "m.i1-IQ4_XS.gguf", "BF16/m.gguf", "m_f16.gguf", "m-MXFP4_MOE.gguf", "q8_0/weights.gguf",
      "m-TQ1_0.gguf", "m.F32.gguf", "m-TQ2_0.gguf",
    ]
    #expect(try Self.choose(names, tag).last == file)
  }

  @Test("projectors and importance matrices are no models; quantised by one is a model")
  func models() throws {
    let beside = [
      "mmproj-model-f16.gguf", "m.mmproj-Q8_0.gguf", "imatrix_m.gguf", "mmproj/f16.gguf",
    ]
    #expect(try Self.choose(beside + ["m-imatrix-Q5_K_M.gguf"]).last == "m-imatrix-Q5_K_M.gguf")
    #expect(throws: SparrowError.self) { try Self.choose(beside) }
    #expect(throws: SparrowError.self) { try Self.choose(beside + ["m-Q4_0.gguf"], "F16") }
  }

  @Test("all parts of a split file are pulled, whichever was named")
  func parts() throws {
    let split = [
      "Q4_K_M/m-Q4_K_M-00003-of-00003.gguf", "Q4_K_M/m-Q4_K_M-00001-of-00003.gguf",
      "Q4_K_M/m-Q4_K_M-00002-of-00003.gguf", "Q8_0/m-Q8_0-00001-of-00002.gguf",
      "Q8_0/m-Q8_0-00002-of-00002.gguf", "README.md",
    ]
    let four = ["m-Q4_K_M-00001-of-00003.gguf", split[1], split[2], split[0]]
    for tag in ["Q4_K_M", "q4_k_m", split[0], split[1], "m-Q4_K_M-00002-of-00003.gguf", nil] {
      #expect(try Self.choose(split, tag) == four, "\(tag ?? "none")")
    }
    #expect(try Self.choose(split, "Q8_0").count == 3)
    #expect(try Self.choose(["m-00001-of-00001.gguf"]).count == 2)
  }

  @Test(
    "files that are not all there are told before anything is downloaded",
    arguments: [
      (["m-00001-of-00003.gguf", "m-00003-of-00003.gguf"], "m-00002-of-00003.gguf"),
      (["m-00002-of-00002.gguf"], "m-00001-of-00002.gguf"),
      (["m-00001-of-00000.gguf"], "0 parts"),
      (["config.json", "model-00001-of-00002.safetensors"], "model.safetensors.index.json"),
      (
        [
          "config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json",
        ], "model-00002-of-00002.safetensors"
      ),
      (["m.Q6_K.gguf.part1of2", "m.Q6_K.gguf.part2of2"], "cat"),
    ])
  func incomplete(names: [String], told: String) {
    #expect { try Self.choose(names) } throws: { "\($0)".contains(told) }
  }

  @Test("each of the choices that are told is one")
  func choices() throws {
    let names = [
      "m-Q8_0.gguf", "Q8_0/m-Q8_0-00001-of-00002.gguf", "Q8_0/m-Q8_0-00002-of-00002.gguf",
    ]
    #expect { try Self.choose(names, "Q8_0") } throws: {
      "\($0)".hasSuffix("one of them after a colon: m-Q8_0.gguf, Q8_0/m-Q8_0")
    }
    #expect(try Self.choose(names, "m-Q8_0.gguf").count == 2)
    #expect(try Self.choose(names, "Q8_0/m-Q8_0").count == 3)
  }

  @Test("what leaves a doubt is refused, with the choices")
  func refuses() {
    let wrong: [([String], String?)] = [
      (["a-Q5_0.gguf", "b-Q5_0.gguf"], nil), (["a.gguf"], "Q4_0"), (["README.md"], nil),
      (["m-Q4_K_M.gguf"], "K_M"), (["m-Q8_0.gguf"], "0"), (["a/.hidden.gguf"], nil),
      (["model.safetensors"], nil),
    ]
    for (names, selection) in wrong {
      #expect(throws: SparrowError.self, "\(names)") { try Self.choose(names, selection) }
    }
  }
}
