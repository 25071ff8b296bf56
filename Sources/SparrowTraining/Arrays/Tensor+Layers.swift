#if Training
  internal import CSparrowMLX

  extension Tensor {
    /// x / sqrt(mean(x^2) + epsilon) * weight over the last axis.
    package func rmsNorm(_ weight: Tensor?, epsilon: Float) -> Tensor {
      .made(self, weight) { smx_rms_norm(handle, weight?.handle, epsilon) }
    }

    /// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis.
    package func layerNorm(_ weight: Tensor?, _ bias: Tensor?, epsilon: Float) -> Tensor {
      .made(self, weight, bias) { smx_layer_norm(handle, weight?.handle, bias?.handle, epsilon) }
    }

    /// Rotary position embedding of `[batch, heads, tokens, dimension]`: the first `dimensions`
    /// elements turn by position / period. The first token stands at `offset`, a scalar of int32,
    /// or at 0.
    package func rotated(
      _ dimensions: Int, interleaved: Bool, periods: Tensor, offset: Tensor? = nil
    ) -> Tensor {
      .made(self, periods, offset) {
        smx_rope(handle, Int32(dimensions), interleaved, periods.handle, offset?.handle)
      }
    }

    /// softmax(q k^T scale) v for `[batch, heads, tokens, dimension]`, keys and values with as many
    /// heads or a divisor; causal, or with an additive mask.
    package static func attention(
      _ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Float, mask: Tensor? = nil
    ) -> Tensor {
      .made(q, k, v, mask) { smx_attention(q.handle, k.handle, v.handle, scale, mask?.handle) }
    }

    /// -log softmax at the targets: `[..., classes]` and `[...]` to `[...]`.
    package func crossEntropy(_ targets: Tensor) -> Tensor {
      .made(self, targets) { smx_cross_entropy(handle, targets.handle) }
    }
  }
#endif
