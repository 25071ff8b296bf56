package import SparrowCore
import SparrowSparsity

/// How long decoding steps of several rows take where their unions are as wide as published: sparse
/// and dense steps of one lowering in turn, over random weights.
package struct BatchBenchmark: Sendable {
  package let shape: SyntheticShape
  package let rank: Int
  package let context: Int
  package let device: String
  /// Bytes a second that the device reads at most.
  package let ceiling: Double
  package let batches: [Batch]

  /// The steps of a number of rows.
  package struct Batch: Sendable {
    package let rows: Int
    /// Of the neurons, what the rows choose together.
    package let union: Double
    package let dense: Step
    /// What is expected to pay; nil where all of it runs dense.
    package let sparse: Step?
    /// Layers whose networks and whose attention are sparse.
    package let networks: Int
    package let attention: Int
    /// How many times faster than dense it was, the median of pairs, and what was expected.
    package let speedup: Double
    package let expected: Double
  }

  package struct Step: Sendable {
    package let milliseconds: Double
    package let byteCount: Int

    package var bytesPerSecond: Double { Double(byteCount) / milliseconds * 1000 }
  }

  /// Steps of a group that is timed.
  private static let steps = 10

  /// Makes the weights on the device and takes steps.
  ///
  /// Throws `.argument` for a shape or a number of rows whose union nobody has published, `.system`
  /// where the device has too little memory.
  package static func run(
    _ name: String, rank: Int, context: Int, rows: [Int], repetitions: Int,
    _ library: KernelLibrary
  ) throws(SparrowError) -> BatchBenchmark {
    let unions = try PublishedUnions(name)
    for count in rows where unions.neurons[count] == nil {
      throw SparrowError(
        .argument, field: "--batch", found: "\(count)",
        expected: unions.neurons.keys.sorted().map(String.init).joined(separator: ", "))
    }
    let ceiling = try DeviceBandwidth.measure(library).reads
    let model = try BatchModel(
      unions, rank: rank, context: context, rows: rows.max() ?? 1, library)
    var batches: [Batch] = []
    for count in rows {
      batches.append(try batch(model, rows: count, repetitions: repetitions))
    }
    return BatchBenchmark(
      shape: unions.shape, rank: rank, context: context, device: library.context.device.name,
      ceiling: ceiling, batches: batches)
  }

  private static func batch(
    _ model: BatchModel, rows: Int, repetitions: Int
  ) throws(SparrowError) -> Batch {
    let costs = model.engine.costs(rows: rows)
    let plan = model.plan.paying(costs)
    try model.use(plan, rows: rows)
    var dense: [Double] = []
    var sparse: [Double] = []
    for _ in 0..<repetitions {
      dense.append(try model.milliseconds(rows: rows, isDense: true, count: steps))
      guard plan.hasSparseLayers else { continue }
      sparse.append(try model.milliseconds(rows: rows, isDense: false, count: steps))
    }
    func step(_ times: [Double], isDense: Bool) -> Step {
      Step(
        milliseconds: median(times),
        byteCount: model.byteCount(plan, rows: rows, isDense: isDense))
    }
    return Batch(
      rows: rows, union: model.unions.neurons[rows]!, dense: step(dense, isDense: true),
      sparse: sparse.isEmpty ? nil : step(sparse, isDense: false),
      networks: plan.networks.count, attention: plan.attention.count,
      speedup: sparse.isEmpty ? 1 : median(zip(dense, sparse).map { $0 / $1 }),
      expected: costs.speedup(plan, context: model.context))
  }
}
