package import Sparrow
internal import SparrowTransformer

extension Calibration {
  /// What was measured of the parts that were made; nil or empty for those that were not.
  public struct Report: Sendable {
    public var head: VocabularyMeasurement?
    /// Of the head on the request's other text.
    public var otherText: VocabularyMeasurement?
    public var networks: FeedForwardCalibration.Choice?
    public var attention: AttentionCalibration.Choice?
    public var inputs: [InputCalibration.LayerReport] = []
    /// Bytes that the dense head reads a token.
    public var denseHeadBytes: Int
    /// Layers of the model, dense ones too.
    public var layerCount: Int

    package init(_ model: Model) {
      denseHeadBytes = model.headBytes
      layerCount = model.configuration.layers.count
    }
  }
}
