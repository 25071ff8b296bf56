public import SparrowCore
import SparrowEngine
public import SparrowTransformer

extension Model {
  /// A new sequence with room for `context` tokens, by default the model's own, at most 8192.
  ///
  /// Reserves address space only; memory follows the sequence. Throws `.argument` beyond the
  /// model's context.
  public func session(
    context: Int? = nil, cache: CacheType = .f16
  ) throws(SparrowError) -> Session {
    let limit = configuration.contextLength
    let context = context ?? min(limit, 8192)
    guard (1...limit).contains(context) else {
      throw SparrowError(
        .argument, file: path, field: "context", found: "\(context)",
        expected: "1 to the model's \(limit)")
    }
    return Session(
      model: self, sequence: try backend.sequence(capacity: context, type: cache))
  }
}
