#if Training
  internal import CSparrowMLX
  package import SparrowCore

  /// A function of lists of tensors that MLX may trace, differentiate, compile or run again.
  ///
  /// Whatever has a gradient must come in through its argument: captured tensors are constants to
  /// it.
  package final class TensorFunction {
    package typealias Body = ([Tensor]) -> [Tensor]

    private let handle: smx_function?

    private init(_ handle: smx_function?) { self.handle = handle }

    deinit { smx_function_free(handle) }

    /// Traced once for each set of shapes and types, with element-wise operations fused.
    package static func compiled(_ body: @escaping Body) -> TensorFunction {
      TensorFunction(
        smx_compile(TensorBody.run, TensorBody(body).retained(), TensorBody.release))
    }

    /// Forgets intermediate results and makes them again in the backward pass.
    package static func checkpointed(_ body: @escaping Body) -> TensorFunction {
      TensorFunction(
        smx_checkpoint(TensorBody.run, TensorBody(body).retained(), TensorBody.release))
    }

    /// The results; an empty list after a failure, whose reason the next evaluation throws.
    package func callAsFunction(_ arguments: [Tensor]) -> [Tensor] {
      let results = TensorList()
      let status = withExtendedLifetime(self) {
        TensorList(arguments).with { input in
          results.with { smx_call(handle, input, $0) }
        }
      }
      return status == 0 ? results.tensors : []
    }

    /// Results of `body`, and the gradient of the first, a scalar, with respect to the first
    /// `count` arguments.
    package static func valueAndGradient(
      _ arguments: [Tensor], count: Int, _ body: Body
    ) throws(SparrowError) -> (values: [Tensor], gradients: [Tensor]) {
      let values = TensorList()
      let gradients = TensorList()
      let status = withoutActuallyEscaping(body) { body in
        let box = TensorBody(body)
        return withExtendedLifetime(box) {
          TensorList(arguments).with { input in
            values.with { values in
              gradients.with {
                smx_value_and_gradient(
                  TensorBody.run, Unmanaged.passUnretained(box).toOpaque(), input, count, values, $0
                )
              }
            }
          }
        }
      }
      try TensorFailure.check(status)
      return (values.tensors, gradients.tensors)
    }
  }

  /// What C carries as a body's context.
  private final class TensorBody {
    let body: TensorFunction.Body

    init(_ body: @escaping TensorFunction.Body) { self.body = body }

    func retained() -> UnsafeMutableRawPointer { Unmanaged.passRetained(self).toOpaque() }

    static let release: smx_release = { context in
      Unmanaged<TensorBody>.fromOpaque(context!).release()
    }

    static let run: smx_body = { context, input, output in
      let body = Unmanaged<TensorBody>.fromOpaque(context!).takeUnretainedValue()
      TensorList.append(body.body(TensorList.tensors(of: input)), to: output)
      return smx_error() == nil ? 0 : 1
    }
  }
#endif
