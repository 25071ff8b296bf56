import CSparrowCUDA
import SparrowCore
import SparrowTestDevice

@testable import SparrowCUDA

extension KernelLibrary {
  /// Kernels of a driver without a device, some of its calls and of the compiler's changed.
  static func test(
    _ change: (inout scu_driver) -> Void = { _ in },
    compiler change2: (inout scu_compiler) -> Void = { _ in }
  ) throws(SparrowError) -> KernelLibrary {
    var calls = TestDriver.calls
    change(&calls)
    var compiler = TestCompiler.calls
    change2(&compiler)
    let cache = KernelCache(folder: nil) { [compiler] () throws(SparrowError) in
      try KernelCompiler(calls: compiler)
    }
    return KernelLibrary(try CUDAContext(0, driver: CUDADriver(calls: calls)), cache: cache)
  }
}
