package import SparrowCore

/// How fast a step gathers the rows of a network's neurons, by how many of them are touched: inside
/// a whole step, and networks alone, one after another.
///
/// Selections are given. What a network reads is its neurons' rows, each of which is the whole work
/// of a block: nothing lies together but by chance.
package struct GatherBenchmark: Sendable {
  package let shape: SyntheticShape
  package let device: String
  /// Bytes a second that the device reads and copies at most.
  package let bandwidth: DeviceBandwidth
  package let rows: [Row]

  package struct Row: Sendable {
    package let density: Double
    /// Of one network's touched rows.
    package let byteCount: Double
    /// Seconds of a network inside a step, its wait and its sums included, and alone.
    package let inside: Double
    package let alone: Double
  }

  /// Makes the weights on the device for each density anew.
  package static func run(
    _ shape: SyntheticShape, context: Int, repetitions: Int, _ library: KernelLibrary
  ) throws(SparrowError) -> GatherBenchmark {
    let bandwidth = try DeviceBandwidth.measure(library)
    var rows: [Row] = []
    for density in [0.05, 0.1, 0.25, 0.5, 1] {
      let sparsity = try SyntheticSparsity(
        density: density, headDensity: 0.42, predictor: .given, of: shape)
      let model = try SyntheticModel(shape, sparsity, context: context, library)
      rows.append(try row(model, density, repetitions))
    }
    return GatherBenchmark(
      shape: shape, device: library.context.device.name, bandwidth: bandwidth, rows: rows)
  }

  private static func row(
    _ model: SyntheticModel, _ density: Double, _ repetitions: Int
  ) throws(SparrowError) -> Row {
    let timer = try StepTimer(model.library.context)
    var inside: [Double] = []
    var alone: [Double] = []
    for _ in 0..<repetitions {
      let times = try model.networkTimes()
      inside.append(times.reduce(0, +) / Double(times.count) / 1e9)
      let chain = try timer.milliseconds(10) { () throws(SparrowError) in try model.networks() }
      alone.append(chain / 1000 / Double(model.shape.layers))
    }
    let neurons = try model.selections().reduce(0) { $0 + $1.neuronCount }
    let matrices = model.shape.isGated ? 3 : 2
    return Row(
      density: density,
      byteCount: Double(neurons * matrices * model.shape.rowBytes) / Double(model.shape.layers),
      inside: inside.sorted()[repetitions / 2], alone: alone.sorted()[repetitions / 2])
  }
}

extension GatherBenchmark {
  /// A few lines for people.
  package var text: String {
    let head =
      "synthetic networks of \(shape.name) in \(shape.format.rawValue), "
      + "rows of \(Quantity.bytes(shape.rowBytes))\n"
      + "\(device) reads \(Quantity.bytes(bandwidth.reads))/s, "
      + "copies \(Quantity.bytes(bandwidth.copies))/s\n"
    return rows.reduce(head) { $0 + line($1) }
  }

  private func line(_ row: Row) -> String {
    func part(_ name: String, _ seconds: Double) -> String {
      let rate = row.byteCount / seconds
      return "\(name) \(Quantity.fixed(seconds * 1e6, 1)) us, \(Quantity.bytes(rate))/s, "
        + "\(Quantity.fixed(100 * rate / bandwidth.reads, 1))% of reading"
    }
    return "density \(Quantity.fixed(row.density, 2)): \(part("inside", row.inside)); "
      + part("alone", row.alone) + "\n"
  }

  package var json: JSON {
    .object([
      ("synthetic", .bool(true)), ("shape", .string(shape.name)),
      ("format", .string(shape.format.rawValue)), ("device", .string(device)),
      ("ceiling", .number(bandwidth.reads)), ("copies", .number(bandwidth.copies)),
      ("rowBytes", .integer(shape.rowBytes)),
      ("rows", .array(rows.map(json))),
    ])
  }

  private func json(_ row: Row) -> JSON {
    .object([
      ("density", .number(row.density)), ("bytes", .number(row.byteCount)),
      ("inside", .number(row.inside)), ("alone", .number(row.alone)),
    ])
  }
}
