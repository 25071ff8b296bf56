import SparrowTestSupport
import Testing

@testable import SparrowTraining

@Suite struct TrainingReportTests {
  private func report(_ count: Int) -> TrainingReport {
    TrainingReport(
      title: "a <model>", subject: "30 M tokens",
      steps: (1...count).map { step in
        TrainingStep(
          step: step, loss: 3 + 4 / Double(step), heldOutLoss: step % 100 == 0 ? 3.5 : nil,
          density: 0.5 + 0.4 / Double(step), eta: 0.01 * Double(step), learningRate: 3e-4,
          gradientNorm: step == 7 ? .nan : 1, tokensPerSecond: 41_000,
          parts: [.init(name: "separation", value: 0.125)])
      }, targetDensity: 0.5)
  }

  @Test func everyCurveIsOnThePage() throws {
    let folder = try TemporaryFolder()
    try report(2000).write(to: folder.file("report.html"))
    let page = try String(decoding: folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("<h1>a &lt;model&gt;</h1>\n<p>30 M tokens</p>"))
    for heading in [
      "Loss", "Density", "Weight of the efficiency loss", "separation", "Learning rate",
      "Gradient norm", "Speed",
    ] { #expect(page.contains("<h2>\(heading)</h2>"), "\(heading)") }
    for word in [
      "held out", "target", "3.0020 at step 2000; held out 3.5000.", "41.0 k at step 2000",
    ] {
      #expect(page.contains(word), "\(word)")
    }
    #expect(!page.contains("nan") && !page.contains("inf"))
  }

  @Test func longRunsMakeSmallPages() { #expect(report(50_000).page.utf8.count < 100_000) }

  @Test func whatWasNotMeasuredIsNotDrawn() {
    let empty = TrainingReport(title: "t", subject: "s", steps: [])
    #expect(!empty.page.contains("<svg"))
    let single = TrainingReport(
      title: "t", subject: "s",
      steps: [TrainingStep(step: 1, loss: 2, learningRate: 1e-3, tokensPerSecond: .nan)])
    #expect(single.page.contains("<h2>Loss</h2>") && !single.page.contains("<h2>Speed</h2>"))
    #expect(!single.page.contains("<h2>Density</h2>"))
  }
}
