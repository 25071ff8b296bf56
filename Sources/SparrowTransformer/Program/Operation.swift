/// One operation of a step program.
public struct Operation: Sendable, Equatable {
  /// The layer it belongs to; nil before the first and after the last.
  public var layer: Int?
  public var kind: Kind

  public init(_ kind: Kind, layer: Int? = nil) {
    self.kind = kind
    self.layer = layer
  }

  /// The named buffers of a step, each `[tokens, width]` float32.
  public enum Buffer: String, Sendable, CaseIterable {
    /// The token embedding where it is narrower than the residual stream.
    case embedding = "e"
    /// The residual stream.
    case hidden = "h"
    /// A norm's result, the input of matrices.
    case input = "x"
    case query = "q"
    case key = "k"
    case value = "v"
    /// Attention's result, all heads.
    case attended = "a"
    /// Gates of attention's result.
    case headGates = "z"
    /// A block's result that is normed before it is added.
    case result = "y"
    /// Neurons' gates, and neurons before and after their activation.
    case gates = "g"
    case neurons = "n"
    /// The head's input.
    case final = "f"
  }

  /// How a block's result reaches the residual stream.
  public enum Landing: String, Sendable {
    /// Written.
    case write = "="
    /// Added.
    case add = "+="
  }

  public enum Kind: Sendable, Equatable {
    /// Rows of the token embedding, scaled; `positions` adds the learned position rows.
    case embed(output: Buffer, positions: Bool)
    /// The learned position rows, added to `output`.
    case addPositions(output: Buffer)
    /// The first row of the token type embedding, added to `output`.
    case addTokenType(output: Buffer)
    case norm(NormDescription, weight: WeightRole.Kind, input: Buffer, output: Buffer)
    /// output (=, +=) matrix · input (+ bias).
    case multiply(WeightRole.Kind, input: Buffer, output: Buffer, Landing)
    /// outputs (=, +=) the columns of an input's matrices, in their order, that large inputs want
    /// (+ biases).
    case multiplyLarge(LayerInput, input: Buffer, outputs: [Buffer], Landing)
    /// neurons = activation(gates) * neurons, without a gate activation(neurons).
    case activate(FeedForwardDescription)
    /// Queries, their gates where there are some, keys and values from one input.
    case project(AttentionDescription, input: Buffer)
    /// Norms on each query and key head, and on value heads where those are normed.
    case normHeads(AttentionDescription)
    case rotate(AttentionDescription)
    /// Keys and values into the cache.
    case append(AttentionDescription)
    case attend(AttentionDescription)
    /// Attention's result times the logistic function of its gates.
    case gateHeads(AttentionDescription)
    /// Scores of this layer's head groups, from which `selectHeads` picks.
    case predictHeads(AttentionDescription, input: Buffer)
    /// The head groups that the layer's attention will touch.
    case selectHeads(AttentionDescription)
    /// The layer's input, kept until every skipped head has made its keys and values of it.
    case keepInput(AttentionDescription, input: Buffer)
    /// Queries of the selected head groups; keys and values of all, or in multi-head models of the
    /// selected and of those whose turn it is to catch up.
    case projectHeads(AttentionDescription, input: Buffer)
    /// The keys and values that `projectHeads` made into the cache.
    case appendHeads(AttentionDescription)
    /// `attend` over the selected head groups.
    case attendHeads(AttentionDescription)
    /// output (=, +=) the selected head groups' columns of the output matrix · their results (+
    /// bias).
    case sparseOutput(output: Buffer, Landing)
    /// The whole feed-forward network, dense.
    case feedForward(FeedForwardDescription, input: Buffer, output: Buffer, Landing)
    /// Scores of the neuron groups of this operation's layer, from which `select` picks.
    case predict(FeedForwardDescription, input: Buffer)
    /// The groups that the layer's network will touch.
    case select(FeedForwardDescription)
    /// The selected neurons of the feed-forward network.
    case sparseFeedForward(FeedForwardDescription, input: Buffer, output: Buffer, Landing)
    case add(input: Buffer, output: Buffer)
    /// output *= the number of a role.
    case scale(WeightRole.Kind, output: Buffer)
    /// Logits of the rows that want them, dense, scaled and capped.
    case head(input: Buffer)
    /// HiRE-Softmax stage 1: scores of all vocabulary rows from the sketch.
    case sketch(input: Buffer)
    /// The k' rows with the best scores.
    case candidates
    /// Exact logits of the candidates, then of all rows that the sketch leaves in doubt; of all
    /// rows where those are too many.
    case exact(input: Buffer)
  }
}
