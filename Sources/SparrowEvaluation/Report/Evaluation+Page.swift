import SparrowCore
import SparrowMeasure
import SparrowPlots
import SparrowSparsity

extension Evaluation {
  /// All figures and pictures as one self-contained page of HTML, without scripts.
  public var page: String {
    var body = Page.heading(model, subject)
    body += table.markup
    body += fidelityAgainstSpeed
    let columns = ActivityMap.columns(
      for: runs.flatMap { $0.fidelity?.byKind ?? [] }.map(\.layers))
    for run in runs { body += activity(of: run, columns: columns) }
    return Page(title: "\(model): sparse beside dense", body: body).markup
  }

  /// What was run, in a line.
  private var subject: String {
    var parts = ["Sparse beside dense, by the kernels that decode."]
    if let text, let fidelity = runs.lazy.compactMap(\.fidelity).first {
      parts.append(
        "\(fidelity.positions) positions of \(text), in \(fidelity.windows) windows of "
          + "\(fidelity.context) tokens.")
    }
    if let task { parts.append("Tasks of \(task).") }
    if let baseline { parts.append("The baseline is \(baseline).") }
    parts.append(threads == 1 ? "1 thread." : "\(threads) threads.")
    return parts.joined(separator: " ")
  }

  /// Each run's point beside that of the dense model measured in turn with it.
  private var fidelityAgainstSpeed: String {
    var points: [PointChart.Point] = []
    for run in runs {
      guard let fidelity = run.fidelity, let speed = fidelity.speed else { continue }
      let error = fidelity.ratio * fidelity.body.logRatio.error
      points.append(
        .init(
          x: speed.pairs.dense.median, y: 1, error: 0, name: points.isEmpty ? "dense" : "",
          isReference: true,
          title: "dense, beside \(run.name): \(rate(speed.pairs.dense.median))"))
      points.append(
        .init(
          x: speed.pairs.sparse.median, y: fidelity.ratio, error: error, name: run.name,
          isReference: false,
          title: "\(run.name): \(rate(speed.pairs.sparse.median)), "
            + "\(Quantity.fixed(speed.pairs.speedup.median, 2)) times dense; perplexity ratio "
            + plusMinus(fidelity.ratio, error, digits: 4)))
    }
    guard !points.isEmpty else { return "" }
    return Page.figure(
      "Fidelity against speed",
      PointChart(
        points: points, across: "decoding speed, tokens/s",
        up: "perplexity, sparse over dense"
      ).svg(),
      "Lower and further right is better. Rings are the dense model, measured in turn with each "
        + "adapter; bars are one standard error.")
  }

  /// Bars and a heat map of at most `columns` for each kind of layers.
  private func activity(of run: Run, columns: Int) -> String {
    (run.fidelity?.byKind ?? []).reduce("") { markup, part in
      let (kind, layers) = part
      let audited = layers.contains { $0.recall != nil }
      let name = audited ? "density (bars), recall (points)" : "density"
      let chart = BarChart(
        bands: layers.map {
          .init(name: $0.layer, bar: $0.density, point: $0.recall, title: title(of: $0))
        }, across: "layer", up: name)
      return markup
        + Page.figure(
          "\(run.name): \(kind.rawValue)", chart.svg(),
          "What a token touches of each layer"
            + (audited ? ", and how much of the true top of the same size that holds." : "."))
        + "<figure>\n" + ActivityMap.map(layers, columns: columns).svg().markup
        + "<figcaption>How often tokens of the text touch each group.</figcaption>\n</figure>\n"
    }
  }

  private func title(of layer: LayerActivity) -> String {
    let touched = Quantity.number(layer.density * Double(layer.groups))
    let recall = layer.recall.map { ", recall " + percent($0) } ?? ""
    return
      "layer \(layer.layer): \(percent(layer.density)), \(touched) of \(layer.groups) groups"
      + recall
  }

  private func rate(_ speed: Double) -> String {
    "\(Quantity.number(speed)) tokens/s, \(Quantity.number(1000 / speed)) ms a token"
  }
}

extension Fidelity {
  /// The layers that were counted, kind by kind.
  fileprivate var byKind: [(kind: LayerActivity.Kind, layers: [LayerActivity])] {
    LayerActivity.Kind.allCases.map { kind in (kind, layers.filter { $0.kind == kind }) }
      .filter { !$0.layers.isEmpty }
  }
}
