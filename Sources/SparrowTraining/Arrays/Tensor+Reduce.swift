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
    /// log(sum(exp)) over an axis.
    package func logSumExp(_ axis: Int, keep: Bool = false) -> Tensor {
      reduced(SMX_LOGSUMEXP, [axis], keep)
    }

    package func softmax(_ axis: Int) -> Tensor {
      .made(self) { smx_softmax(handle, Int32(axis)) }
    }
  }

  extension Tensor {
    /// Where the `count` largest sizes |x| along the last axis are, as bool; all that tie with the
    /// least of them too. Exact, of floating-point numbers, without a gradient.
    ///
    /// Without its sign a number's bits rise with its size, so the least size that is kept is found
    /// bit by bit from above: a bit stays where enough numbers are as large with it. Each of the
    /// bits but the sign (15 or 31) costs a comparison of all elements and a sum of its rows;
    /// sorting costs a GPU many times that.
    package func isAmongLargest(_ count: Int) -> Tensor {
      let isWide = type.byteCount == 4
      let bitType = isWide ? TensorType.uint32 : .uint16
      func number(_ value: Float) -> Tensor { .full([], value, type: bitType) }
      // The sign goes at the upper end.
      let bits = stopped.viewed(as: bitType) << number(1)
      let wanted = Tensor(integers: [Int32(count)])
      var least = number(0)
      for bit in (isWide ? 1...31 : 1...15).reversed() {
        let higher = least + number(Float(sign: .plus, exponent: bit, significand: 1))
        let found = (bits .>= higher).sum(-1, keep: true)
        least = .where_(found .>= wanted, higher, least)
      }
      return bits .>= least
    }
  }
#endif
