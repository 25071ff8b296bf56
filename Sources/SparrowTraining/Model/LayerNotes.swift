#if Training
  /// What a network's selection costs, as scalars that losses and reports use; nil where a mode has
  /// none. Beside them what predictors learn from, which the notes of checkpointed layers lack.
  package struct LayerNotes {
    /// Mean of G^2 over tokens and groups: one layer's part of LTE's eq 4.
    var efficiency: Tensor?
    /// Mean of 1 / (G - tau)^2: one layer's part of eq 5.
    var separation: Tensor?
    /// Part of the neurons that hard selection touches, without gradient.
    var density: Tensor?
    /// Mean |activation|: what ProSparse's penalty is made of.
    var activity: Tensor?
    /// What selection loses of the dense result, as a part of its square; its gradient goes to the
    /// scores alone.
    var local: Tensor?
    /// A learnt sketch's relative squared error, and the part of the top k that its own top k
    /// holds.
    var sketchError: Tensor?
    var recall: Tensor?
    /// What the network reads, `[batch, tokens, hidden]`, and its activations, `[batch, tokens,
    /// neurons]`.
    var input: Tensor?
    var neurons: Tensor?
    /// What attention reads, and its heads' results before the output matrix, `[batch, tokens,
    /// heads · dimension]`.
    var attentionInput: Tensor?
    var heads: Tensor?

    /// As a list, for functions of lists; `unpack` is its inverse.
    var list: [Tensor] {
      [efficiency, separation, density, activity, local, sketchError, recall].compactMap { $0 }
    }

    func unpacked(_ list: [Tensor]) -> LayerNotes {
      var rest = list[...]
      return LayerNotes(
        efficiency: efficiency == nil ? nil : rest.removeFirst(),
        separation: separation == nil ? nil : rest.removeFirst(),
        density: density == nil ? nil : rest.removeFirst(),
        activity: activity == nil ? nil : rest.removeFirst(),
        local: local == nil ? nil : rest.removeFirst(),
        sketchError: sketchError == nil ? nil : rest.removeFirst(),
        recall: recall == nil ? nil : rest.removeFirst())
    }
  }
#endif
