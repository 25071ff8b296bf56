import SparrowCPU

extension Model {
  /// Bytes of weights that decoding one token reads.
  public var bytesPerToken: Int { engine.bytesPerToken }
}
