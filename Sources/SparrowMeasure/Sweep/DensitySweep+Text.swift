import SparrowCore

extension DensitySweep {
  /// A table: times a step, measured and predicted speed-up of the sparse layers' networks.
  public var text: String {
    var lines = [
      "density  batch  step ms  dense  times  ffn ms  dense  times  by bytes  predict  select"
    ]
    func fixed(_ value: Double, _ width: Int, _ digits: Int = 3) -> String {
      let text = Quantity.fixed(value, digits)
      return String(repeating: " ", count: max(1, width - text.count)) + text
    }
    for point in points {
      let density = point.density.map { Quantity.fixed(Double($0), 2) } ?? "plan"
      var line = density + String(repeating: " ", count: max(0, 7 - density.count))
      line += fixed(Double(point.batch), 7, 0)
      line += fixed(point.step.sparse.median, 9) + fixed(point.step.dense.median, 7)
      line += fixed(point.step.speedup.median, 7, 2)
      line += fixed(point.feedForward.sparse.median, 8)
      line += fixed(point.feedForward.dense.median, 7)
      line += fixed(point.feedForward.speedup.median, 7, 2)
      line += fixed(point.predictedSpeedup, 10, 2)
      line += fixed(point.predict, 9) + fixed(point.select, 8)
      if !point.isSparse { line += "  too wide: ran dense" }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
