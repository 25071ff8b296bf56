import SparrowCore
import SparrowMeasure

/// BLEU of all texts that a model and its dense self wrote to the same tasks.
///
/// BLEU is of a corpus, no mean of its texts: errors are the deviation over corpora that are drawn
/// anew from the tasks (Koehn 2004), all sides from the same ones.
public struct BLEUFigure: Sendable, Equatable {
  /// A score, 0 to 100, with its standard error.
  public struct Estimate: Sendable, Equatable {
    public var value: Double
    public var error: Double

    var json: JSON { ["mean": .number(value), "error": .number(error)] }
  }

  /// The scores of all sides; errors of differences are of the differences.
  public struct Scores: Sendable, Equatable {
    public var dense: Estimate
    public var sparse: Estimate
    /// Sparse less dense.
    public var difference: Estimate
    /// The baseline's, and sparse less that; nil where none was asked.
    public var baseline: Estimate?
    public var differenceToBaseline: Estimate?
  }

  /// `[tasks][sides]`: dense, sparse, and the baseline where there is one.
  private var counts: [[BLEU]] = []

  private static let draws = 500

  mutating func add(_ texts: TaskComparison.Sides<String>, references: [String]) {
    counts.append(
      ([texts.dense, texts.sparse] + (texts.baseline.map { [$0] } ?? [])).map {
        BLEU($0, references: references)
      })
  }

  /// Tasks of the kind, each of which counts once.
  public var tasks: Int { counts.count }

  /// nil without tasks of the kind. Costs some hundred sums over all tasks.
  public var all: Scores? {
    guard let sides = counts.first?.count else { return nil }
    var random = SeededRandom(seed: 1)
    let corpora =
      [scores(counts.indices)]
      + (0..<(tasks > 1 ? Self.draws : 0)).map { _ in
        scores(counts.indices.map { _ in Int.random(in: counts.indices, using: &random) })
      }
    func estimate(_ value: ([Double]) -> Double) -> Estimate {
      let values = corpora.map(value)
      var drawn = SampleMean()
      for value in values.dropFirst() { drawn.add(value) }
      return Estimate(value: values[0], error: drawn.deviation)
    }
    return Scores(
      dense: estimate { $0[0] }, sparse: estimate { $0[1] }, difference: estimate { $0[1] - $0[0] },
      baseline: sides == 3 ? estimate { $0[2] } : nil,
      differenceToBaseline: sides == 3 ? estimate { $0[1] - $0[2] } : nil)
  }

  /// Each side's score over some tasks.
  private func scores(_ tasks: some Sequence<Int>) -> [Double] {
    var sums = Array(repeating: BLEU(), count: counts.first?.count ?? 2)
    for task in tasks {
      for side in sums.indices { sums[side] += counts[task][side] }
    }
    return sums.map(\.score)
  }

  var json: JSON {
    guard let all else { return .null }
    return [
      "tasks": .integer(tasks), "dense": all.dense.json, "sparse": all.sparse.json,
      "difference": all.difference.json,
      "baseline": all.baseline.map {
        ["score": $0.json, "difference": all.differenceToBaseline?.json ?? .null]
      } ?? .null,
    ]
  }
}
