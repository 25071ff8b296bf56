#if Training
  internal import CSparrowMLX
  package import SparrowCore

  /// A multi-dimensional array of MLX, or a node of the graph that will compute it.
  ///
  /// Operations only build the graph; `Tensor.evaluate` or reading values runs it. An operation
  /// that fails (a wrong shape, no memory) gives a tensor without a value, and the first reason is
  /// thrown where the result is evaluated or read, so that formulas stay readable. Use from one
  /// thread at a time.
  package struct Tensor {
    let storage: TensorStorage

    /// Takes the handle over.
    init(owning handle: smx_array?) { storage = TensorStorage(handle) }

    /// Valid while the tensor lives: read it within `made` only.
    var handle: smx_array? { storage.handle }

    /// The result of an operation on `operands`, which live until it is done.
    static func made(_ operands: Tensor?..., by operation: () -> smx_array?) -> Tensor {
      withExtendedLifetime(operands) { Tensor(owning: operation()) }
    }

    package init(_ values: [Float], shape: [Int]? = nil) {
      self.init(bytes: values, shape: shape ?? [values.count], type: .float32)
    }

    package init(integers values: [Int32], shape: [Int]? = nil) {
      self.init(bytes: values, shape: shape ?? [values.count], type: .int32)
    }

    /// A scalar.
    package init(_ value: Float) { self.init([value], shape: []) }

    private init<Element>(bytes values: [Element], shape: [Int], type: TensorType) {
      precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(shape)")
      self.init(
        owning: values.withUnsafeBytes {
          smx_from_bytes($0.baseAddress, shape.map(Int32.init), Int32(shape.count), type.native)
        })
    }

    package static func full(_ shape: [Int], _ value: Float, type: TensorType = .float32) -> Tensor
    {
      Tensor(
        owning: smx_full(shape.map(Int32.init), Int32(shape.count), value, type.native))
    }

    package static func zeros(_ shape: [Int], type: TensorType = .float32) -> Tensor {
      full(shape, 0, type: type)
    }

    /// start, start + 1, ..., stop - 1 as int32.
    package static func range(_ range: Range<Int>) -> Tensor {
      Tensor(owning: smx_range(Int32(range.lowerBound), Int32(range.upperBound)))
    }

    package var shape: [Int] {
      withExtendedLifetime(storage) {
        (0..<smx_dimensions(handle)).map { Int(smx_size_of(handle, $0)) }
      }
    }

    package var count: Int { shape.reduce(1, *) }

    package var type: TensorType {
      withExtendedLifetime(storage) { TensorType(smx_type_of(handle)) }
    }

    /// All elements as float32, row-major. Runs what is needed; throws what failed on the way.
    package func floats() throws(SparrowError) -> [Float] {
      try cast(.float32).read(count, Float.self)
    }

    /// All elements as int32, row-major.
    package func integers() throws(SparrowError) -> [Int32] {
      try cast(.int32).read(count, Int32.self)
    }

    /// All elements as they are, row-major and little-endian.
    package func bytes() throws(SparrowError) -> [UInt8] {
      try read(count * type.byteCount, UInt8.self)
    }

    /// A scalar's value.
    package func value() throws(SparrowError) -> Float {
      let values = try floats()
      precondition(values.count == 1, "the value of a tensor of shape \(shape)")
      return values[0]
    }

    private func read<Element>(
      _ count: Int, _ element: Element.Type
    ) throws(SparrowError) -> [Element] {
      var status: Int32 = 0
      let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        status = withExtendedLifetime(storage) {
          smx_read(handle, buffer.baseAddress, count * MemoryLayout<Element>.stride)
        }
        initialized = status == 0 ? count : 0
      }
      try TensorFailure.check(status)
      return values
    }
  }

  /// Owns a handle of MLX; nil after a failure.
  final class TensorStorage {
    let handle: smx_array?

    init(_ handle: smx_array?) { self.handle = handle }

    deinit { smx_free(handle) }
  }

  /// What a tensor's elements are.
  package enum TensorType: Sendable {
    case bool, uint16, uint32, int32, float16, bfloat16, float32

    var native: smx_type {
      switch self {
      case .bool: SMX_BOOL
      case .uint16: SMX_UINT16
      case .uint32: SMX_UINT32
      case .int32: SMX_INT32
      case .float16: SMX_FLOAT16
      case .bfloat16: SMX_BFLOAT16
      case .float32: SMX_FLOAT32
      }
    }

    /// Bytes of an element.
    var byteCount: Int {
      switch self {
      case .bool: 1
      case .uint16, .float16, .bfloat16: 2
      case .uint32, .int32, .float32: 4
      }
    }

    init(_ native: smx_type) {
      switch native {
      case SMX_BOOL: self = .bool
      case SMX_UINT16: self = .uint16
      case SMX_UINT32: self = .uint32
      case SMX_INT32: self = .int32
      case SMX_FLOAT16: self = .float16
      case SMX_BFLOAT16: self = .bfloat16
      default: self = .float32
      }
    }
  }

  /// Turns the thread's kept error of MLX into ours.
  enum TensorFailure {
    /// Throws the kept error, and clears it, when there is one or `status` says so.
    static func check(_ status: Int32) throws(SparrowError) {
      guard let text = smx_error() else {
        if status == 0 { return }
        throw SparrowError(.system, field: "MLX", found: "an operation failed")
      }
      let message = String(cString: text)
      smx_clear_error()
      throw SparrowError(.system, field: "MLX", found: message)
    }
  }
#endif
