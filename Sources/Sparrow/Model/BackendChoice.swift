import SparrowCPU
import SparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// The one place that names a backend.
enum BackendChoice {
  /// Packs the model's weights for the device that runs it. Throws what packing throws, and
  /// `.unsupported` with what to install for a device that cannot be used here.
  static func make(
    _ binding: WeightBinding, on device: Device, pool: WorkerPool, rows: Int,
    plan: SparsePlan = .dense, updates: WeightUpdates = WeightUpdates()
  ) throws(SparrowError) -> any Backend {
    switch device {
    case .cpu:
      try CPUEngine(binding, pool: pool, maximumRows: rows, plan: plan, updates: updates)
    case .cuda(let number):
      try CUDAEngine(
        binding, library: .open(number), pool: pool, maximumRows: rows, plan: plan,
        updates: updates)
    }
  }

  /// What a device is and does.
  static func findings(_ device: Device, models: [String], threads: Int) -> [DeviceFinding] {
    guard case .cuda(let number) = device else { return [] }
    return DeviceCheckup.run(number, models: models, threads: threads).map {
      DeviceFinding(name: $0.name, text: $0.text, isRight: $0.isRight)
    }
  }
}
