import SparrowCore
import SparrowMeasure
import SparrowSparsity
import Testing

@testable import SparrowEvaluation

@Suite struct PageTests {
  /// A run over a deep, wide model whose later layers are sparser.
  static func run(_ name: String, speed: Double, loss: Double, layers: Int, groups: Int)
    -> Evaluation.Run
  {
    var random = SeededRandom(seed: 3)
    var fidelity = Fidelity(context: 512)
    fidelity.windows = 4
    for _ in 0..<100 {
      fidelity.denseLoss.add(2.8)
      fidelity.sparseLoss.add(2.8 + loss)
      fidelity.body.logRatio.add(loss + Double(random.uniform() - 0.5) * 0.1)
    }
    fidelity.speed = DecodeSpeed(
      pairs: .init(.rate, dense: [180], sparse: [speed]),
      denseBytes: 143_000_000, sparseBytes: 90_000_000)
    for layer in 0..<layers {
      let most = 1000 * (0.6 - 0.4 * Double(layer) / Double(layers))
      let counts = (0..<groups).map { _ in Int32(Double(random.uniform()) * most) }
      fidelity.layers.append(
        LayerActivity(
          layer: layer, kind: .feedForward, groups: groups, steps: 1000,
          selected: counts.reduce(0) { $0 + Int($1) },
          recallSum: 1000 * (0.9 + 0.1 * Double(random.uniform())), counts: counts))
      fidelity.layers.append(
        LayerActivity(
          layer: layer, kind: .attention, groups: 8, steps: 1000, selected: 4000,
          recallSum: nil, counts: Array(repeating: 500, count: 8)))
    }
    return .init(name: name, fidelity: fidelity)
  }

  @Test func aDeepModelsPageIsSmall() {
    var evaluation = Evaluation(model: "model", text: "text")
    evaluation.runs = [
      Self.run("a", speed: 240, loss: 0.01, layers: 80, groups: 3584),
      Self.run("b", speed: 290, loss: 0.05, layers: 80, groups: 3584),
    ]
    #expect(evaluation.page.utf8.count < 500_000)
  }

  @Test func everyPartIsOnThePage() {
    var evaluation = Evaluation(model: "a <model> & \"more\"", text: "text")
    evaluation.runs = [
      Self.run("<a>", speed: 240, loss: 0.01, layers: 30, groups: 192),
      .init(name: "empty"),
    ]
    let page = evaluation.page
    #expect(page.contains("<h1>a &lt;model&gt; &amp; &quot;more&quot;</h1>"))
    #expect(page.contains("100 positions of text, in 4 windows of 512 tokens."))
    for word in [
      "decoding speed, tokens/s", "perplexity, sparse over dense", "density (bars)",
      "part of the tokens that touch", "4.17 ms a token", ">group</text>", "&lt;a&gt;: attention",
    ] {
      #expect(page.contains(word), "\(word)")
    }
    #expect(!page.contains("<a>") && !page.contains("<script") && !page.contains("nan"))
    for element in ["svg", "title", "text", "table", "figure", "tr", "div"] {
      let opened = page.components("<\(element)>") + page.components("<\(element) ")
      #expect(opened == page.components("</\(element)>"), "\(element)")
    }
  }

  @Test func aPageWithoutFiguresIsATable() {
    var evaluation = Evaluation(model: "m", text: nil)
    evaluation.runs = [.init(name: "a")]
    #expect(evaluation.page.contains("<table>") && !evaluation.page.contains("<svg"))
  }
}

extension String {
  /// How often `part` occurs.
  fileprivate func components(_ part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
