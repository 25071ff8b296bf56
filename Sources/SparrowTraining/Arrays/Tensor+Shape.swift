#if Training
  internal import CSparrowMLX

  extension Tensor {
    /// One size may be -1: what is left.
    package func reshaped(_ shape: [Int]) -> Tensor {
      .made(self) { smx_reshape(handle, shape.map(Int32.init), Int32(shape.count)) }
    }

    package func transposed(_ axes: [Int]) -> Tensor {
      .made(self) { smx_transpose(handle, axes.map(Int32.init), Int32(axes.count)) }
    }

    /// A matrix with rows and columns exchanged.
    package var transposed: Tensor { transposed([1, 0]) }

    /// A dimension of size 1 before `axis`.
    package func expanded(_ axis: Int) -> Tensor {
      .made(self) { smx_expand(handle, Int32(axis)) }
    }

    package func slice(_ axis: Int, _ range: Range<Int>) -> Tensor {
      .made(self) {
        smx_slice(
          handle, Int32(axis), Int32(range.lowerBound), Int32(range.upperBound))
      }
    }

    /// This with `update` in place of what lies along `axis` from `start` on, a scalar of int32.
    package func replacing(_ axis: Int, from start: Tensor, by update: Tensor) -> Tensor {
      .made(self, update, start) {
        smx_slice_update(handle, update.handle, start.handle, Int32(axis))
      }
    }

    /// Each element `count` times in a row.
    package func repeated(_ count: Int, axis: Int) -> Tensor {
      .made(self) { smx_repeat(handle, Int32(count), Int32(axis)) }
    }

    /// Slices along `axis` at `indices`.
    package func taking(_ indices: Tensor, axis: Int) -> Tensor {
      .made(self, indices) { smx_take(handle, indices.handle, Int32(axis)) }
    }

    package static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
      TensorList(parts).with { list in .made { smx_concatenate(list, Int32(axis)) } }
    }
  }
#endif
