public import Sparrow
internal import SparrowEngine
internal import SparrowTransformer

extension Model {
  /// Bytes of weights that a dense vocabulary head reads for each token.
  public var headBytes: Int { backend.weights.byteCount(of: binding.headRole) ?? 0 }
}
