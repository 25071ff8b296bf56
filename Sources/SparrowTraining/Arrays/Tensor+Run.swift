#if Training
  internal import CSparrowMLX
  package import SparrowCore

  extension Tensor {
    /// Computes all of them; throws the first failure on the way.
    package static func evaluate(_ tensors: [Tensor]) throws(SparrowError) {
      try TensorFailure.check(TensorList(tensors).with { smx_eval($0) })
    }

    /// Starts computing without waiting.
    package static func start(_ tensors: [Tensor]) throws(SparrowError) {
      try TensorFailure.check(TensorList(tensors).with { smx_eval_async($0) })
    }

    /// A key for random numbers.
    package static func randomKey(_ seed: UInt64) -> Tensor { Tensor(owning: smx_random_key(seed)) }

    /// Keys made of this one, `[count, 2]`.
    package func splitKey(_ count: Int) -> Tensor {
      .made(self) { smx_random_split(handle, Int32(count)) }
    }

    /// Indices along the last axis, which is dropped, each as likely as the softmax of this says.
    package func drawn(key: Tensor) -> Tensor {
      .made(self, key) { smx_random_categorical(handle, -1, key.handle) }
    }

    /// Standard normal numbers.
    package static func normal(_ shape: [Int], key: Tensor) -> Tensor {
      .made(key) {
        smx_random_normal(
          shape.map(Int32.init), Int32(shape.count), TensorType.float32.native, key.handle)
      }
    }
  }

  /// The group of processes that train together: NCCL on GPUs, MPI or a ring of sockets elsewhere.
  package enum TensorGroup {
    /// Joins the group that the environment describes; throws `.argument` when there is none.
    package static func join() throws(SparrowError) -> (rank: Int, size: Int) {
      do throws(SparrowError) {
        try TensorFailure.check(smx_group_start(true, "any"))
      } catch {
        throw SparrowError(
          .argument, field: "group of processes", found: error.found,
          expected: "a start by mpirun, or MLX_RANK with MLX_HOSTFILE (ring) or NCCL's variables")
      }
      return (Int(smx_group_rank()), Int(smx_group_size()))
    }

    /// Waits until all processes wait.
    package static func meet() throws(SparrowError) { _ = try sum(Tensor(0)).value() }

    /// The first process's tensor, which has this shape in all of them.
    package static func first(_ tensor: Tensor) -> Tensor {
      sum(smx_group_rank() == 0 ? tensor : Tensor.zeros(tensor.shape, type: tensor.type))
    }

    /// Whether all processes have the same count. Where they do not, at least one of them gets
    /// false.
    package static func agrees(on count: Int) throws(SparrowError) -> Bool {
      let own = Int32(clamping: count)
      let sum = try sum(Tensor(integers: [own])).integers()[0]
      return sum == own &* Int32(smx_group_size())
    }

    /// The sum over the group.
    package static func sum(_ tensor: Tensor) -> Tensor {
      .made(tensor) { smx_group_sum(tensor.handle) }
    }
  }
#endif
