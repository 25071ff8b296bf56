#if Training
  internal import CSparrowMLX
  package import SparrowCore

  /// Where tensors are computed.
  package struct TensorDevice: Sendable {
    package let isGPU: Bool
    /// As its makers call it.
    package let name: String

    /// In which products are fast.
    package var type: TensorType { isGPU ? .bfloat16 : .float32 }

    /// Opens MLX, chooses the GPU unless `cpu` says otherwise, and compiles there.
    ///
    /// Throws `.system` where MLX cannot be opened, saying how to get what is missing, and where it
    /// was built for GPUs but finds none.
    package static func start(cpu: Bool) throws(SparrowError) -> TensorDevice {
      if let reason = smx_open() { throw Self.refusal(String(cString: reason)) }
      let isGPU = !cpu && smx_gpu_available()
      guard isGPU || cpu || !smx_gpu_built() else {
        throw SparrowError(
          .system, field: "MLX", found: "a build for GPUs, and no GPU",
          expected: "a GPU that nvidia-smi lists, or --cpu, which is for tests and tiny models")
      }
      try TensorFailure.check(smx_use_gpu(isGPU))
      setCompiling(isGPU)
      return TensorDevice(isGPU: isGPU, name: isGPU ? try gpuName() : "the CPU")
    }

    private static func gpuName() throws(SparrowError) -> String {
      var name = [CChar](repeating: 0, count: 128)
      try TensorFailure.check(smx_gpu_name(&name, name.count))
      return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The loader's reason, with what to do about it.
    static func refusal(_ reason: String) -> SparrowError {
      let remedies = [
        ("libSparrowMLX", "it beside this program, where make training puts it"),
        ("libmlx", "MLX where it was built: make training unpacks it into .mlx"),
        ("libcuda.so", "NVIDIA's driver; on a machine without one, make training (MLX=cpu)"),
      ]
      let remedy = remedies.first { reason.hasPrefix($0.0) }?.1
      return SparrowError(
        .system, field: "MLX", found: reason,
        expected: remedy ?? "NVIDIA's libraries: make training MLX=cuda-13 unpacks them into .mlx")
    }

    /// On a CPU MLX compiles by running the system's C++ compiler: off unless wanted.
    package static func setCompiling(_ enabled: Bool) { smx_set_compiling(enabled) }
  }
#endif
