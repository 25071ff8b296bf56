#if Training
  internal import CSparrowMLX

  /// Owns a list of MLX, which is how functions take and give several arrays.
  final class TensorList {
    private let handle: smx_list

    init(_ tensors: [Tensor] = []) {
      handle = smx_list_new()
      Self.append(tensors, to: handle)
    }

    deinit { smx_list_free(handle) }

    /// Lends the handle: the list lives until `body` is done.
    func with<Result>(_ body: (smx_list) -> Result) -> Result {
      withExtendedLifetime(self) { body(handle) }
    }

    var tensors: [Tensor] { with { Self.tensors(of: $0) } }

    static func append(_ tensors: [Tensor], to list: smx_list?) {
      for tensor in tensors {
        withExtendedLifetime(tensor.storage) { smx_list_append(list, tensor.handle) }
      }
    }

    static func tensors(of list: smx_list?) -> [Tensor] {
      (0..<smx_list_count(list)).map { Tensor(owning: smx_list_get(list, $0)) }
    }
  }
#endif
