/// What a feed-forward network does with its neurons while it is trained.
package enum NetworkMode: Sendable, Equatable {
  case dense
  /// LTE's first stage: every group's output times its router's score (arXiv 2402.06126, eq 3).
  case soft(groupSize: Int)
  /// LTE's second stage: groups whose score is above 0.5 (eq 2). With `straightThrough` the router
  /// learns as if its score were the factor; without, it has no gradient.
  case hard(groupSize: Int, straightThrough: Bool)
  /// HiRE: the `kept` groups of largest sum of |activation|, exactly (arXiv 2402.09360, eq 6), and
  /// the first `common` groups always (eq 7).
  case topK(groupSize: Int, kept: Int, common: Int)

  /// LTE's tau.
  package static let threshold: Float = 0.5

  package var groupSize: Int? {
    switch self {
    case .dense: nil
    case .soft(let size), .hard(let size, _), .topK(let size, _, _): size
    }
  }

  /// As the engine selects: by hard gates.
  var decoded: NetworkMode {
    switch self {
    case .soft(let size), .hard(let size, _): .hard(groupSize: size, straightThrough: false)
    case .dense, .topK: self
    }
  }

  package var hasRouter: Bool {
    switch self {
    case .soft, .hard: true
    case .dense, .topK: false
    }
  }
}
