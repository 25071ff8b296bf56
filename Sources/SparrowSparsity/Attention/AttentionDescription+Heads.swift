public import SparrowTransformer

extension AttentionDescription {
  /// Why no head can be left out; nil where they can.
  public var needsAllHeads: String? {
    if headNorm != nil && headNormSpan == .allHeads { return "a norm over all heads at once" }
    return isGated ? "gates on the heads' results" : nil
  }
}
