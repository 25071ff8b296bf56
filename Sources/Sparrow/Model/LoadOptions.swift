public import SparrowTokenizers

/// How a model is loaded.
public struct LoadOptions: Sendable, Equatable {
  /// Worker threads; nil for as many as its affinity mask and its CPU quota let work at once.
  public var threads: Int?
  /// Path of an adapter folder: a plan and its tensors; nil to run dense.
  public var adapter: String?
  /// Part of the top k logits that a sparse head must find, by its calibration; 1 runs the dense
  /// head, nil what greedy decoding needs.
  public var headRecall: Float?
  /// Tokens that one prefill step takes: more is faster up to about 128 and costs memory.
  public var prefillTokens: Int
  /// Renders conversations in place of the model's own template.
  public var chatTemplate: ChatTemplate?

  public init(
    threads: Int? = nil, adapter: String? = nil, headRecall: Float? = nil,
    prefillTokens: Int = 128, chatTemplate: ChatTemplate? = nil
  ) {
    self.threads = threads
    self.adapter = adapter
    self.headRecall = headRecall
    self.prefillTokens = prefillTokens
    self.chatTemplate = chatTemplate
  }
}
