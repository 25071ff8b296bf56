import SparrowCalibration
import SparrowCore
import SparrowSparsity

/// What `sparrow calibrate` prints.
struct CalibrationReport {
  let folder: String
  let adapter: Adapter
  /// Bytes that the dense head reads a token.
  let denseBytes: Int
  let seconds: Double
  let heldOut: HeadMeasurement
  /// On the text given with `--measure`.
  let other: HeadMeasurement?

  /// Bytes that the sketch and the plan's candidates read a token.
  private var sparseBytes: Int {
    guard let (plan, sketch) = adapter.head else { return denseBytes }
    return sketch.byteCount + plan.candidates * (denseBytes / sketch.rowCount)
  }

  var text: String {
    let share = Quantity.fixed(Double(sparseBytes) / Double(denseBytes) * 100, 1)
    var text = """
      adapter      \(folder)
      head         \(Quantity.bytes(sparseBytes)) a token of \(Quantity.bytes(denseBytes)): \(share)%
      took         \(Quantity.seconds(seconds))

      """
    text += Self.table(heldOut, title: "held-out windows")
    if let other { text += Self.table(other, title: "the other text") }
    return text
  }

  private static func table(_ measured: HeadMeasurement, title: String) -> String {
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
      ("path", .string(folder)), ("bytes_per_token", .integer(sparseBytes)),
      ("dense_bytes_per_token", .integer(denseBytes)), ("seconds", .number(seconds)),
      ("held_out", Self.json(heldOut)),
    ]
    if let other { members.append(("measured", Self.json(other))) }
    return .object(members)
  }

  private static func json(_ measured: HeadMeasurement) -> JSON {
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
