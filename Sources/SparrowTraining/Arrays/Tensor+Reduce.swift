#if Training
  internal import CSparrowMLX

  extension Tensor {
    private func reduced(_ operation: smx_reduction, _ axes: [Int], _ keep: Bool) -> Tensor {
      .made(self) { smx_reduce(operation, handle, axes.map(Int32.init), Int32(axes.count), keep) }
    }

    /// Reductions over `axes`; over all of them without.
    package func sum(_ axes: Int..., keep: Bool = false) -> Tensor { reduced(SMX_SUM, axes, keep) }
    package func mean(_ axes: Int..., keep: Bool = false) -> Tensor {
      reduced(SMX_MEAN, axes, keep)
    }
    package func max(_ axes: Int..., keep: Bool = false) -> Tensor { reduced(SMX_MAX, axes, keep) }
    package func min(_ axes: Int..., keep: Bool = false) -> Tensor { reduced(SMX_MIN, axes, keep) }
    package func all() -> Tensor { reduced(SMX_ALL, [], false) }
    /// log(sum(exp)) over an axis.
    package func logSumExp(_ axis: Int, keep: Bool = false) -> Tensor {
      reduced(SMX_LOGSUMEXP, [axis], keep)
    }

    package func softmax(_ axis: Int, precise: Bool = true) -> Tensor {
      .made(self) { smx_softmax(handle, Int32(axis), precise) }
    }

    /// The index of the largest, as uint32.
    package func argmax(_ axis: Int) -> Tensor { .made(self) { smx_argmax(handle, Int32(axis)) } }
    package func sorted(_ axis: Int) -> Tensor { .made(self) { smx_sort(handle, Int32(axis)) } }
    package func argsort(_ axis: Int) -> Tensor { .made(self) { smx_argsort(handle, Int32(axis)) } }
    package func cumulativeSum(_ axis: Int) -> Tensor {
      .made(self) { smx_cumulative_sum(handle, Int32(axis)) }
    }
  }
#endif
