import CSparrowCUDA
package import SparrowCore
import Synchronization

/// Machine code of kernels, loaded on a device.
package final class CUDAModule: @unchecked Sendable {
  private let module: scu_module
  let context: CUDAContext
  /// Dynamic shared memory that launches of a kernel may want, by its name.
  private let mostBytes = Mutex<[String: Int]>([:])

  /// `image` is what the run-time compiler made for this device's architecture.
  package init(_ image: [UInt8], in context: CUDAContext) throws(SparrowError) {
    self.context = context
    var module: scu_module?
    try context.call("cuModuleLoadData") { calls in
      image.withUnsafeBytes { calls.load_module(&module, $0.baseAddress) }
    }
    self.module = module!
  }

  deinit {
    context.use()
    _ = context.driver.calls.unload_module(module)
  }

  /// A kernel by its name, with room for `sharedBytes` of dynamic shared memory.
  package func kernel(
    _ name: String, sharedBytes: Int = 0
  ) throws(SparrowError) -> CUDAKernel {
    var function: scu_function?
    do throws(SparrowError) {
      try context.call("cuModuleGetFunction") { $0.function(&function, module, name) }
    } catch {
      throw SparrowError(
        error.kind, file: error.file, field: "kernel \(name)", found: error.found,
        expected: error.expected)
    }
    // Attribute 8: dynamic shared memory beyond 48 KiB wants to be asked for, once for all that
    // launch the kernel.
    let most = max(sharedBytes, mostBytes.withLock { $0[name] ?? 48 << 10 })
    if sharedBytes == most {
      try context.call("cuFuncSetAttribute") { $0.set_attribute(function, 8, Int32(most)) }
      mostBytes.withLock { $0[name] = most }
    }
    return CUDAKernel(function: function!, sharedBytes: sharedBytes, module: self)
  }
}

/// A kernel of a module.
package struct CUDAKernel: @unchecked Sendable {
  let function: scu_function
  let sharedBytes: Int
  let module: CUDAModule

  /// How a kernel is run.
  package struct Shape: Sendable, Equatable {
    package var grid: (x: Int, y: Int, z: Int)
    package var block: Int
    /// May begin before the kernel queued before it has ended: it waits by itself for what it
    /// reads.
    package var startsEarly: Bool
    /// All blocks run at once, so that they may wait for each other.
    package var isCooperative = false

    package init(grid: Int, _ y: Int = 1, _ z: Int = 1, block: Int, startsEarly: Bool = false) {
      self.grid = (grid, y, z)
      self.block = block
      self.startsEarly = startsEarly
    }

    package static func == (a: Shape, b: Shape) -> Bool {
      a.grid == b.grid && a.block == b.block && a.startsEarly == b.startsEarly
        && a.isCooperative == b.isCooperative
    }
  }

  /// Queues a launch with one argument, a value of the structure that the kernel takes.
  package func launch<Argument: BitwiseCopyable>(
    _ shape: Shape, _ argument: Argument
  ) throws(SparrowError) {
    let context = module.context
    var attributes: [scu_launch_attribute] = []
    func add(_ id: Int) {
      var attribute = scu_launch_attribute()
      attribute.id = UInt32(id)
      attribute.value.value = 1
      attributes.append(attribute)
    }
    // Older devices know no early start, and refuse it.
    if shape.startsEarly, context.device.architecture >= 90 { add(SCU_LAUNCH_PROGRAMMATIC) }
    if shape.isCooperative { add(SCU_LAUNCH_COOPERATIVE) }
    var argument = argument
    var status: Int32 = 0
    context.use()
    attributes.withUnsafeMutableBufferPointer { attributes in
      withUnsafeMutablePointer(to: &argument) { argument in
        var parameters: [UnsafeMutableRawPointer?] = [UnsafeMutableRawPointer(argument)]
        var launch = scu_launch(
          grid_x: UInt32(shape.grid.x), grid_y: UInt32(shape.grid.y), grid_z: UInt32(shape.grid.z),
          block_x: UInt32(shape.block), block_y: 1, block_z: 1,
          shared_bytes: UInt32(sharedBytes), stream: context.current,
          attributes: attributes.baseAddress, attribute_count: UInt32(attributes.count))
        status = context.driver.calls.launch(&launch, function, &parameters, nil)
      }
    }
    try context.call("cuLaunchKernelEx") { _ in status }
  }
}
