import SparrowCore
import SparrowMeasure
public import SparrowPlots
import SparrowSparsity

extension Evaluation {
  /// All figures side by side; those of the baseline and of the dense model are the first run's,
  /// but each run has its own dense speed.
  public var table: ReportTable {
    var table = ReportTable(
      columns: (baseline == nil ? [] : ["baseline"]) + ["dense"] + runs.map(\.name))
    addFidelity(to: &table)
    addBaseline(to: &table)
    addSpeed(to: &table)
    for kind in LayerActivity.Kind.allCases {
      addActivity(kind, to: &table)
      addTimes(kind, to: &table)
    }
    addTasks("choice", "right choice", \.choice, to: &table)
    addTasks("choice by byte", "right choice by byte", \.choiceByByte, to: &table)
    addTasks("text", "exact match", \.exactMatch, to: &table)
    addTasks("text", "ROUGE-L", \.rougeL, to: &table)
    addBLEU(to: &table)
    return table
  }

  private func addFidelity(to table: inout ReportTable) {
    func row(_ label: String, _ sparse: (Fidelity) -> String) {
      table.add(label, cells(\.fidelity, sparse: sparse))
    }
    func perplexity(_ loss: SampleMean) -> String {
      let estimate = exponential(loss.mean)
      return plusMinus(estimate, estimate * loss.error, digits: 3)
    }
    table.add(
      "perplexity, body",
      cells(
        \.fidelity, baseline: { $0.baseline.map { perplexity($0.loss) } ?? "" },
        dense: { perplexity($0.denseLoss) }, sparse: { perplexity($0.sparseLoss) }))
    row("perplexity ratio") { ratio($0.body) }
    row("KL(dense || sparse), nats") { divergence($0.body) }
    row("same token, body") { percent($0.body.sameTop) }
    row("same token, body and head") { percent($0.headSameTop) }
    row("head in doubt") {
      $0.fallbacks == 0 ? "" : percent(Double($0.fallbacks) / Double(max($0.positions, 1)))
    }
  }

  /// Dense self and sparse body beside the model that training began with.
  private func addBaseline(to table: inout ReportTable) {
    func row(
      _ label: String, dense: (BaselineFidelity) -> String = { _ in "" },
      sparse: (BaselineFidelity) -> String
    ) {
      table.add(label, cells({ $0.fidelity?.baseline }, dense: dense, sparse: sparse))
    }
    func rows(_ label: String, _ text: (Nearness) -> String) {
      row(label, dense: { text($0.dense) }, sparse: { text($0.body) })
    }
    rows("perplexity over baseline's", ratio)
    rows("KL(baseline || model), nats", divergence)
    rows("same token as baseline, body") { percent($0.sameTop) }
    row("same token as baseline, body and head") { percent($0.headSameTop) }
  }

  private func ratio(_ nearness: Nearness) -> String {
    plusMinus(nearness.ratio, nearness.ratio * nearness.logRatio.error, digits: 4)
  }

  private func divergence(_ nearness: Nearness) -> String {
    plusMinus(nearness.divergence.mean, nearness.divergence.error, digits: 5)
  }

  private func addSpeed(to table: inout ReportTable) {
    func row(
      _ label: String, dense: (DecodeSpeed) -> String = { _ in "" }, sparse: (DecodeSpeed) -> String
    ) {
      table.add(label, cells({ $0.fidelity?.speed }, dense: dense, sparse: sparse))
    }
    // Each run has a dense speed of its own: one beside several would belong to other pairs.
    let isOne = runs.count { $0.fidelity?.speed != nil } == 1
    for (unit, convert) in [("tokens/s", { $0 }), ("ms a token", { 1000 / $0 })]
      as [(String, (Double) -> Double)]
    {
      row("decode, \(unit)") {
        isOne ? Quantity.number(convert($0.pairs.dense.median)) : ""
      } sparse: {
        Quantity.number(convert($0.pairs.sparse.median))
      }
      guard !isOne else { continue }
      row("dense in turn, \(unit)") { Quantity.number(convert($0.pairs.dense.median)) }
    }
    row("speed over dense") { Quantity.fixed($0.pairs.speedup.median, 2) }
    row("read a token") {
      Quantity.bytes($0.denseBytes)
    } sparse: {
      Quantity.bytes($0.sparseBytes)
    }
  }

  private func addActivity(_ kind: LayerActivity.Kind, to table: inout ReportTable) {
    let figures: [(density: Double?, recall: Double?)] = runs.map {
      $0.fidelity?.means(kind) ?? (nil, nil)
    }
    let before = Array(repeating: "", count: table.columns.count - runs.count)
    table.add(
      "density, \(kind.rawValue)", before + figures.map { $0.density.map(percent) ?? "" })
    table.add("recall, \(kind.rawValue)", before + figures.map { $0.recall.map(percent) ?? "" })
  }

  /// Where a token's time goes in the runs that have sparse layers of a kind.
  private func addTimes(_ kind: LayerActivity.Kind, to table: inout ReportTable) {
    let kinds: [LayerActivity.Kind] =
      switch kind {
      case .feedForward: [kind, .networkInputs, .downInputs]
      case .attention: [kind, .attentionInputs, .outputInputs]
      default: []
      }
    func row(_ label: String, _ part: KeyPath<StepTimes, Double>, hasDense: Bool) {
      func text(_ times: StepTimes?) -> String {
        times.map { Quantity.fixed($0[keyPath: part], 3) } ?? ""
      }
      let speeds = { (run: Run) in
        run.fidelity.flatMap { fidelity in
          fidelity.layers.contains { kinds.contains($0.kind) } ? fidelity.speed : nil
        }
      }
      table.add(
        label,
        cells(speeds, dense: { hasDense ? text($0.denseTimes) : "" }) { text($0.sparseTimes) })
    }
    switch kind {
    case .feedForward:
      row("predict, ms a token", \.predict, hasDense: false)
      row("select, ms a token", \.select, hasDense: false)
      row("touch, ms a token", \.feedForward, hasDense: true)
    case .attention:
      row("attention, ms a token", \.attention, hasDense: true)
    default: break
    }
  }

  private func addTasks(
    _ answer: String, _ right: String, _ path: KeyPath<TaskComparison, TaskFigure>,
    to table: inout ReportTable
  ) {
    func figure(_ run: Run) -> TaskFigure? {
      run.tasks.map { $0[keyPath: path] }.flatMap { $0.dense.count > 0 ? $0 : nil }
    }
    table.add(
      right,
      cells(
        figure, baseline: { $0.baseline.count > 0 ? percent($0.baseline) : "" },
        dense: { percent($0.dense) }, sparse: { percent($0.sparse) }))
    table.add("same \(answer)", cells(figure, sparse: { percent($0.same) }))
  }

  private func addBLEU(to table: inout ReportTable) {
    func text(_ estimate: BLEUFigure.Estimate?) -> String {
      estimate.map { plusMinus($0.value, $0.error, digits: 2) } ?? ""
    }
    table.add(
      "BLEU",
      cells(
        { $0.tasks?.bleu.all }, baseline: { text($0.baseline) }, dense: { text($0.dense) },
        sparse: { text($0.sparse) }))
  }

  /// A row's cells: the first run's texts of baseline and dense model, then each run's own; empty
  /// where a run lacks the part.
  func cells<Part>(
    _ part: (Run) -> Part?, baseline other: (Part) -> String = { _ in "" },
    dense: (Part) -> String = { _ in "" }, sparse: (Part) -> String
  ) -> [String] {
    let parts = runs.map(part)
    let first = parts.lazy.compactMap { $0 }.first
    let before = baseline == nil ? [] : [first.map(other) ?? ""]
    return before + [first.map(dense) ?? ""] + parts.map { $0.map(sparse) ?? "" }
  }

  func plusMinus(_ value: Double, _ error: Double, digits: Int) -> String {
    "\(Quantity.fixed(value, digits)) ± \(Quantity.fixed(error, digits))"
  }

  func percent(_ share: Double) -> String { Quantity.fixed(share * 100, 2) + "%" }

  func percent(_ share: SampleMean) -> String {
    plusMinus(share.mean * 100, share.error * 100, digits: 2) + "%"
  }
}
