public import Sparrow
public import SparrowCore
import SparrowEngine
import SparrowMeasure
import SparrowSparsity

/// How often a sparse head names the dense head's token, both run over the same hidden states.
public struct VocabularyAgreement: Sendable, Equatable {
  /// Positions compared.
  public var positions = 0
  /// Positions where both heads have the same greedy token.
  public var sameTop = 0
  /// Sum over positions of the part of the dense top k among the candidates.
  public var recallSum = 0.0
  /// The k of that recall.
  public var kept: Int
  /// Exact logits computed by the sparse head, all positions together.
  public var candidates = 0
  /// Positions where the sparse head left the decision to the dense one.
  public var fallbacks = 0

  /// Part of the positions with the same greedy token.
  public var sameTopShare: Double { Double(sameTop) / Double(max(positions, 1)) }
  /// Mean recall of the dense top k.
  public var recall: Double { recallSum / Double(max(positions, 1)) }
  /// Mean exact logits a position, where the sparse head decided itself.
  public var meanCandidates: Double {
    Double(candidates) / Double(max(positions - fallbacks, 1))
  }

  /// Compares at every position of the second half of each window of `text`.
  ///
  /// Throws `.argument` when the model was loaded without a sparse head, or for a text shorter than
  /// two windows.
  public static func measure(
    _ model: Model, text: String, context: Int = 512, windows limit: Int? = nil,
    progress: Progress = .none
  ) throws(SparrowError) -> VocabularyAgreement {
    guard let plan = model.plan.head?.plan else {
      throw SparrowError(
        .argument, file: model.path, field: "adapter", found: "none",
        expected: "a model loaded with a sparse head")
    }
    let windows = try TextWindows(model, text: text, context: context, limit: limit)
    let session = try model.session(context: context)
    var result = VocabularyAgreement(kept: plan.kept)
    var ranked: [Float] = []
    for index in 0..<windows.count {
      session.clear()
      try session.score(windows[index], from: context / 2) { _, row, logits in
        ranked.removeAll(keepingCapacity: true)
        ranked.append(contentsOf: logits)
        let top = HeadOutput(row: row, logits: logits).top
        result.compare(model.backend.output(row: row), top: top, &ranked)
      }
      try progress.report(.init(index + 1, of: windows.count, .items("windows")))
    }
    return result
  }

  private mutating func compare(_ output: HeadOutput, top: Int32, _ dense: inout [Float]) {
    positions += 1
    guard let ids = output.ids else {
      fallbacks += 1
      sameTop += 1
      recallSum += 1
      return
    }
    candidates += ids.count
    if output.top == top { sameTop += 1 }
    let rank = min(kept, dense.count)
    let least = dense.withUnsafeMutableBufferPointer { largest(rank, of: $0) }
    recallSum += min(1, Double(output.logits.count { $0 >= least }) / Double(rank))
  }

  public var json: JSON {
    .object([
      ("positions", .integer(positions)), ("same_top_share", .number(sameTopShare)),
      ("recall_k", .integer(kept)), ("recall", .number(recall)),
      ("mean_candidates", .number(meanCandidates)), ("fallbacks", .integer(fallbacks)),
    ])
  }
}
