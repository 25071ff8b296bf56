import SparrowCalibration
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// What `sparrow calibrate` prints.
struct CalibrationReport {
  let folder: String
  let adapter: Adapter
  let measured: Calibration.Report
  let seconds: Double

  /// Bytes that the sketch and the plan's candidates read a token.
  private var sparseBytes: Int {
    guard let head = adapter.plan.head else { return measured.denseHeadBytes }
    return head.sketch.byteCount + head.plan.candidates
      * (measured.denseHeadBytes / head.sketch.rowCount)
  }

  var text: String {
    var text = "adapter      \(folder)\n"
    if measured.head != nil {
      let dense = measured.denseHeadBytes
      let share = Quantity.fixed(Double(sparseBytes) / Double(dense) * 100, 1)
      text +=
        "head         \(Quantity.bytes(sparseBytes)) a token of \(Quantity.bytes(dense)): "
        + "\(share)%\n"
    }
    if let choice = measured.networks {
      text += "layers       \(choice.layers.count) of \(measured.layerCount) sparse"
      text +=
        choice.layers.isEmpty
        ? ": none pays\n"
        : choice.widestBatch == 0
          ? ", slower than dense on this machine\n" : ", batches of 1 to \(choice.widestBatch)\n"
      text += "density      \(Quantity.fixed(meanDensity, 3)) of all neurons\n"
    }
    if let attention = measured.attention { text += lines(attention) }
    text += "took         \(Quantity.seconds(seconds))\n"
    if let heldOut = measured.head { text += Self.table(heldOut, title: "held-out windows") }
    if let other = measured.otherText { text += Self.table(other, title: "the other text") }
    if let choice = measured.networks { text += Self.table(choice.reports) }
    if let attention = measured.attention { text += Self.table(attention.reports) }
    text += Self.table(measured.inputs)
    return text
  }

  /// Over all layers, dense ones counting 1.
  private var meanDensity: Double {
    let sparse = measured.networks?.reports ?? []
    let dense = measured.layerCount - sparse.count
    return sparse.reduce(Double(dense)) { $0 + Double($1.density) }
      / Double(max(measured.layerCount, 1))
  }

  private func lines(_ attention: AttentionCalibration.Choice) -> String {
    var text = "attention    \(attention.layers.count) of \(measured.layerCount) layers sparse"
    if let speedup = attention.speedup {
      let pays = attention.layers.isEmpty ? ": none pays, at " : ", "
      text +=
        pays + "\(Quantity.fixed(speedup, 2)) times dense speed behind \(attention.context) tokens"
    }
    return text + "\n"
  }

  private static func table(_ reports: [AttentionCalibration.LayerReport]) -> String {
    var text = "\nheads of  density  recall    lost  divergence\n"
    for report in reports {
      text += cell("\(report.layer)", 8)
      for value in [report.density, report.recall, report.loss] {
        text += cell(Quantity.fixed(Double(value), 3), 8)
      }
      text += cell(Quantity.fixed(report.divergence, 5), 12)
      text += report.isSparse ? "\n" : "  dense\n"
    }
    return text
  }

  private static func cell(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  /// Parts of the inputs that are kept, in held-out windows.
  private static func table(_ reports: [InputCalibration.LayerReport]) -> String {
    guard !reports.isEmpty else { return "" }
    var text = "\nlayer" + LayerInput.allCases.reduce("") { $0 + cell($1.name, 10) } + "\n"
    for report in reports {
      text += cell("\(report.layer)", 5)
      for input in LayerInput.allCases {
        text += cell(report.densities[input].map { Quantity.fixed(Double($0), 3) } ?? "", 10)
      }
      text += "\n"
    }
    return text
  }

  private static func table(_ reports: [FeedForwardCalibration.LayerReport]) -> String {
    guard !reports.isEmpty else { return "" }
    var text = "\nlayer  density  recall   lost\n"
    for report in reports {
      text += cell("\(report.layer)", 5)
      for value in [report.density, report.recall, report.loss] {
        text += cell(Quantity.fixed(Double(value), 3), 8)
      }
      text += "\n"
    }
    return text
  }

  private static func table(_ measured: VocabularyMeasurement, title: String) -> String {
    func percent(_ share: Float) -> String {
      let text = Quantity.fixed(Double(share) * 100, 2)
      return String(repeating: " ", count: max(0, 10 - text.utf8.count)) + text + "%"
    }
    func cell(_ text: String) -> String {
      text + String(repeating: " ", count: max(0, 13 - text.utf8.count))
    }
    var text = "\n\(measured.positions) positions of \(title)\n"
    text += cell("candidates") + "  top \(measured.kept)    top 1\n"
    for row in measured.byCandidates {
      text += cell("\(row.candidates)") + percent(row.recall) + percent(row.greedy) + "\n"
    }
    text += cell("doubt") + "  top \(measured.kept)    rows\n"
    for row in measured.byDoubt {
      text += cell("\(row.doubt)") + percent(row.recall) + "   \(Int(row.rows.rounded()))\n"
    }
    return text
  }

  var json: JSON {
    var members: [(key: String, value: JSON)] = [
      ("path", .string(folder)), ("seconds", .number(seconds)),
    ]
    if let heldOut = measured.head {
      members.append(("bytes_per_token", .integer(sparseBytes)))
      members.append(("dense_bytes_per_token", .integer(measured.denseHeadBytes)))
      members.append(("held_out", Self.json(heldOut)))
    }
    if let choice = measured.networks {
      members.append(("mean_density", .number(meanDensity)))
      members.append(("widest_batch", .integer(choice.widestBatch)))
      members.append(("layers", .array(choice.reports.map(\.json))))
    }
    if let attention = measured.attention {
      members.append(
        (
          "attention",
          [
            "speedup": attention.speedup.map(JSON.number) ?? .null,
            "context": .integer(attention.context),
            "layers": .array(attention.reports.map(\.json)),
          ]
        ))
    }
    if !measured.inputs.isEmpty { members.append(("inputs", .array(measured.inputs.map(\.json)))) }
    if let other = measured.otherText { members.append(("measured", Self.json(other))) }
    return .object(members)
  }

  private static func json(_ measured: VocabularyMeasurement) -> JSON {
    [
      "positions": .integer(measured.positions), "kept": .integer(measured.kept),
      "deviation": .number(Double(measured.deviation)),
      "candidates": .array(
        measured.byCandidates.map {
          [
            "candidates": .integer($0.candidates), "recall": .number(Double($0.recall)),
            "greedy": .number(Double($0.greedy)),
          ]
        }),
      "doubts": .array(
        measured.byDoubt.map {
          [
            "doubt": .number(Double($0.doubt)), "recall": .number(Double($0.recall)),
            "rows": .number(Double($0.rows)),
          ]
        }),
    ]
  }
}
