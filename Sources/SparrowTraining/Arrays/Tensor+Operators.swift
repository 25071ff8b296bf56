#if Training
  internal import CSparrowMLX

  extension Tensor {
    private func unary(_ operation: smx_unary_operation) -> Tensor {
      .made(self) { smx_unary(operation, handle) }
    }

    private static func binary(
      _ operation: smx_binary_operation, _ a: Tensor, _ b: Tensor
    ) -> Tensor {
      .made(a, b) { smx_binary(operation, a.handle, b.handle) }
    }

    /// A number of the same type as this, so that half precision stays half.
    private func scalar(_ value: Float) -> Tensor {
      Tensor.full([], value, type: type == .int32 || type == .uint32 ? .float32 : type)
    }

    package static func + (a: Tensor, b: Tensor) -> Tensor { binary(SMX_ADD, a, b) }
    package static func - (a: Tensor, b: Tensor) -> Tensor { binary(SMX_SUBTRACT, a, b) }
    package static func * (a: Tensor, b: Tensor) -> Tensor { binary(SMX_MULTIPLY, a, b) }
    package static func / (a: Tensor, b: Tensor) -> Tensor { binary(SMX_DIVIDE, a, b) }
    package static func + (a: Tensor, b: Float) -> Tensor { a + a.scalar(b) }
    package static func - (a: Tensor, b: Float) -> Tensor { a - a.scalar(b) }
    package static func - (a: Float, b: Tensor) -> Tensor { b.scalar(a) - b }
    package static func * (a: Tensor, b: Float) -> Tensor { a * a.scalar(b) }
    package static func * (a: Float, b: Tensor) -> Tensor { b * a }
    package static func / (a: Tensor, b: Float) -> Tensor { a / a.scalar(b) }
    package static func / (a: Float, b: Tensor) -> Tensor { b.scalar(a) / b }

    /// Comparisons give tensors of bool.
    package static func .> (a: Tensor, b: Float) -> Tensor { binary(SMX_GREATER, a, a.scalar(b)) }
    package static func .> (a: Tensor, b: Tensor) -> Tensor { binary(SMX_GREATER, a, b) }
    package static func .>= (a: Tensor, b: Tensor) -> Tensor { binary(SMX_GREATER_EQUAL, a, b) }
    package static func .< (a: Tensor, b: Tensor) -> Tensor { binary(SMX_LESS, a, b) }
    package static func .== (a: Tensor, b: Tensor) -> Tensor { binary(SMX_EQUAL, a, b) }
    package static func .& (a: Tensor, b: Tensor) -> Tensor { binary(SMX_AND, a, b) }
    package static func .| (a: Tensor, b: Tensor) -> Tensor { binary(SMX_OR, a, b) }

    /// Of integers.
    package static func << (a: Tensor, b: Tensor) -> Tensor { binary(SMX_LEFT_SHIFT, a, b) }

    /// Product of the last two dimensions, the others broadcast.
    package func matmul(_ b: Tensor) -> Tensor { Tensor.binary(SMX_MATMUL, self, b) }

    package func maximum(_ b: Float) -> Tensor { Tensor.binary(SMX_MAXIMUM, self, scalar(b)) }
    package func minimum(_ b: Float) -> Tensor { Tensor.binary(SMX_MINIMUM, self, scalar(b)) }
    package func power(_ b: Tensor) -> Tensor { Tensor.binary(SMX_POWER, self, b) }
    /// log(exp(self) + exp(b)) without overflow.
    package func logAddExp(_ b: Float) -> Tensor { Tensor.binary(SMX_LOGADDEXP, self, scalar(b)) }

    package var absolute: Tensor { unary(SMX_ABS) }
    package var squared: Tensor { unary(SMX_SQUARE) }
    package var squareRoot: Tensor { unary(SMX_SQRT) }
    package var exponential: Tensor { unary(SMX_EXP) }
    package var tanh: Tensor { unary(SMX_TANH) }
    package var errorFunction: Tensor { unary(SMX_ERF) }
    package var sigmoid: Tensor { unary(SMX_SIGMOID) }
    /// The value without its gradient.
    package var stopped: Tensor { unary(SMX_STOP_GRADIENT) }

    package func cast(_ type: TensorType) -> Tensor {
      .made(self) { smx_cast(handle, type.native) }
    }

    /// The same bits as another type of the same size.
    package func viewed(as type: TensorType) -> Tensor {
      .made(self) { smx_view(handle, type.native) }
    }

    /// `a` where `condition` holds, else `b`.
    package static func where_(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
      .made(condition, a, b) { smx_where(condition.handle, a.handle, b.handle) }
    }
  }
#endif
