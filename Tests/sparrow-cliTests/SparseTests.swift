import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import Sparrow
@testable import SparrowHub
@testable import sparrow_cli

/// Makes a tiny model sparse through the program, and runs it.
struct SparseTests {
  /// The start of the text that the demo measures on, as a file.
  private static func text(in folder: TemporaryFolder) throws -> String {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let whole = try contents(of: root.joined(separator: "/") + "/Data/heldout.txt")
    return try folder.write("text", Array(whole.prefix(8000)))
  }

  @Test("calibrate makes an adapter that --sparse finds, info shows, and demo and evaluate compare")
  func adapter() throws {
    let cache = try TemporaryFolder()
    let environment = ["SPARROW_CACHE": cache.path]
    let model = Fixtures.path("models/smollm2")
    let text = try Self.text(in: cache)

    let early = try ProgramTests.run(
      ["generate", model, "--sparse", "-p", "a"], environment: environment)
    #expect(early.complaint.hasSuffix("run: sparrow calibrate head \(model) --text FILE"))

    let made = try ProgramTests.run(
      ["demo", model, "-t", "1", "-n", "8", "--text", text, "--held-out", text],
      environment: environment)
    #expect(made.status == 0, "\(made.complaint)")
    #expect(made.outputText.contains("The texts agree: 24 of 24 tokens."))
    #expect(made.outputText.contains("same token at 100.00% of"))

    let info = try ProgramTests.run(
      ["info", model, "--sparse", "--program"], environment: environment)
    #expect(info.outputText.contains("\nsparse head   sketch of "))
    #expect(info.outputText.contains("candidates  s -> C"))

    let bench = try ProgramTests.run(
      ["bench", model, "--sparse", "-t", "1", "--prompt", "0", "--generate", "4", "--repeat", "2"]
        + ["--json"], environment: environment)
    let report = try JSON.parse(bench.output)
    let dense = try #require(report["dense"])
    #expect((dense["speedup"]?["median"]?.double ?? 0) > 0)
    #expect(dense["bytes_per_token"]?.int != report["bytes_per_token"]?.int)

    let tasks = try cache.write(
      "t.jsonl", "{\"prompt\": \"a\", \"choices\": [\" b\", \" c\"], \"answer\": 1}\n")
    let evaluated = try ProgramTests.run(
      ["evaluate", model, "--sparse", "-t", "1", "--text", text, "-c", "16", "--chunks", "2"]
        + ["--json", "--html", cache.file("page.html"), "--task", tasks, "--baseline", model],
      environment: environment)
    let run = try #require(try JSON.parse(evaluated.output)["runs"]?.array?.first)
    #expect(run["fidelity"]?["body"]?["perplexity_ratio"]?.double == 1)
    #expect(run["fidelity"]?["baseline"]?["dense"]?["same_top_share"]?["mean"]?.double == 1)
    #expect(run["tasks"]?["choice"]?["baseline"]?["difference"]?["mean"]?.double == 0)
    #expect(run["tasks"]?["choice"]?["same_share"]?["mean"]?.double == 1)
    #expect(try cache.read("page.html").starts(with: Array("<!DOCTYPE html>".utf8)))
    #expect((run["fidelity"]?["speed"]?["speedup"]?["median"]?.double ?? 0) > 0)
  }

  @Test("calibrate makes networks sparse for a density, and bench sweeps it")
  func networks() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("models/smollm2")
    let text = try Self.text(in: folder)
    let adapter = folder.file("adapter")
    let made = try ProgramTests.run(
      ["calibrate", "networks", model, "-t", "1", "--target", "density=0.5"]
        + ["--text", text, "--output", adapter, "--json"])
    #expect(made.status == 0, "\(made.complaint)")
    let report = try JSON.parse(made.output)
    let density = try #require(report["mean_density"]?.double)
    #expect(density > 0.1 && density <= 0.5 + 1e-6)
    #expect((report["layers"]?.array?.count ?? 0) > 0)

    let info = try ProgramTests.run(["info", model, "--adapter", adapter, "--program"])
    #expect(info.outputText.contains("predict"))
    let swept = try ProgramTests.run(
      ["bench", model, "--adapter", adapter, "-t", "1", "--sweep", "density", "--repeat", "1"]
        + ["--batch", "1", "--batch", "3", "--json"])
    let points = try #require(try JSON.parse(swept.output).array)
    #expect(points.count == 2 + 9)
    #expect(points[1]["batch"]?.int == 3)
    // Bytes fall with density, whatever this machine's speed.
    let bytes = points.dropFirst(2).compactMap { $0["bytes"]?.int }
    #expect(bytes == bytes.sorted() && bytes[0] < bytes[8])

    let both = folder.file("both")
    let added = try ProgramTests.run(
      ["calibrate", "head", model, "-t", "1", "--adapter", adapter, "--text", text]
        + ["--output", both])
    #expect(added.status == 0, "\(added.complaint)")
    let (networks, whole) = (try Adapter.read(adapter).plan, try Adapter.read(both).plan)
    #expect(whole.networks == networks.networks && whole.widestBatch == networks.widestBatch)
    #expect(networks.head == nil && whole.head != nil)
    let other = try ProgramTests.run(
      ["calibrate", "head", Fixtures.path("models/llama3"), "--adapter", adapter]
        + ["--text", text, "--output", both])
    #expect(other.complaint.contains("it was made for"))

    let wrong = try ProgramTests.run(
      ["calibrate", "networks", model, "--target", "speed=2", "--text", text])
    #expect(wrong.complaint.contains("target: speed=2"))
  }

  @Test(
    "calibrate --rest keeps what a sketch says of the neurons that are not selected",
    arguments: ["estimate", "sketch"])
  func estimates(rest: String) throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("models/smollm2")
    let text = try Self.text(in: folder)
    let adapter = folder.file("adapter")
    let calibrate =
      ["calibrate", "networks", model, "-t", "1", "--text", text, "--output", adapter]
    let made = try ProgramTests.run(
      calibrate + ["--target", "density=0.25", "--rest", rest])
    #expect(made.status == 0, "\(made.complaint)")
    #expect(
      try Adapter.read(adapter).plan.networks.values.allSatisfy { "\($0.rest)".hasPrefix(rest) })
    let info = try ProgramTests.run(["info", model, "--adapter", adapter, "--program"])
    #expect(info.outputText.contains(rest == "sketch" ? "sketches the rest" : "estimates the rest"))
    for wrong in [
      ["--rest", "x"], ["--method", "router", "--rest", "estimate"],
      ["--like", adapter, "--rest", "estimate"],
      ["--sketch", "product", "--rest", "sketch"],
    ] {
      let refused = try ProgramTests.run(calibrate + wrong)
      #expect(refused.status == 2 && refused.complaint.contains("rest"))
    }
  }

  @Test("calibrate makes attention sparse, and evaluate shows its density")
  func attention() throws {
    let folder = try TemporaryFolder()
    let text = try Self.text(in: folder)
    let adapter = folder.file("adapter")
    func calibrate(_ model: String) throws -> Subprocess.Outcome {
      try ProgramTests.run(
        ["calibrate", "attention", Fixtures.path("models/" + model), "-t", "1"]
          + ["--target", "density=0.75", "--text", text, "--output", adapter, "--json"])
    }
    let made = try calibrate("llama3")
    #expect(made.status == 0, "\(made.complaint)")
    #expect(folder.names == ["adapter", "text"])
    let layers = try #require(try JSON.parse(made.output)["attention"]?["layers"]?.array)
    #expect(layers.map { $0["density"]?.double } == [0.5, 0.5])
    #expect(layers.filter { $0["sparse"]?.bool == true }.count == 1)
    let refused = try calibrate("smollm2")
    #expect(refused.complaint.contains("one key/value head in every layer (multi-query)"))
  }

  @Test("calibrate leaves small inputs out, and info, bench and evaluate show it")
  func inputs() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("models/smollm2")
    let text = try Self.text(in: folder)
    let calibrate = ["calibrate", "inputs", model, "-t", "1", "--text", text]
    let wrong = try ProgramTests.run(calibrate + ["--target", "perplexity=1.03"])
    #expect(wrong.status == 2 && wrong.complaint.contains("target: perplexity=1.03"))
    let unknown = try ProgramTests.run(
      calibrate + ["--target", "density=0.5", "--allocation", "x"])
    #expect(unknown.complaint.contains("--allocation x: expected one of greedy, uniform"))

    let adapter = folder.file("adapter")
    let made = try ProgramTests.run(
      calibrate + ["--target", "density=0.5", "--output", adapter, "--json"])
    #expect(made.status == 0, "\(made.complaint)")
    let layers = try #require(try JSON.parse(made.output)["inputs"]?.array)
    #expect(layers.allSatisfy { abs(($0["density"]?.double ?? 0) - 0.5) < 0.05 })
    #expect(Set(layers.compactMap { $0["down"]?.double }).count == layers.count)

    let info = try ProgramTests.run(["info", model, "--adapter", adapter, "--program"])
    #expect(info.outputText.contains("\nsparse inputs "))
    #expect(info.outputText.contains("gate, up"))
    let bench = try ProgramTests.run(
      ["bench", model, "--adapter", adapter, "-t", "1", "--prompt", "0", "--generate", "4"]
        + ["--repeat", "1", "--json"])
    #expect((try JSON.parse(bench.output)["dense"]?["speedup"]?["median"]?.double ?? 0) > 0)
    let evaluated = try ProgramTests.run(
      ["evaluate", model, "--adapter", adapter, "-t", "1", "--text", text, "-c", "16"]
        + ["--chunks", "2"])
    #expect(evaluated.outputText.contains("density, inputs of down"))
  }

  @Test("a comparison counts up to the first difference")
  func comparison() {
    func side(_ tokens: [[Int32]], _ bytes: Int) -> Comparison.Side {
      Comparison.Side(
        bytesPerToken: bytes,
        results: tokens.map { tokens in
          var result = GenerationResult()
          result.tokens = tokens
          result.decodeSeconds = 0.5
          return result
        })
    }
    let dense = side([[1, 2, 3], [4, 5]], 1000)
    let sparse = side([[1, 2, 9], [4, 5]], 400)
    let comparison = Comparison(dense: dense, sparse: sparse, heads: nil)
    #expect(comparison.agreement == (4, 5))
    #expect(dense.tokensPerSecond == 3)
    #expect(comparison.text.contains("0.40\n"))
    #expect(comparison.text.contains("4 of 5 tokens"))
    #expect(Comparison(dense: dense, sparse: dense, heads: nil).text.contains("agree: 5 of 5"))
  }
}
