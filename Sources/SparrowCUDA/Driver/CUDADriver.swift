package import CSparrowCUDA
package import SparrowCore

/// NVIDIA's driver: its calls, found at run time.
///
/// Every call's status is checked; a failure is an error that names the call and what the driver
/// says of it. Tests put a table of their own in place of the driver's.
package final class CUDADriver: Sendable {
  package let calls: scu_driver

  package init(calls: scu_driver) { self.calls = calls }

  /// Opens and starts the driver. Throws `.unsupported` where there is none, or it does not start,
  /// with what to install.
  package static func open(_ library: String = "libcuda.so.1") throws(SparrowError) -> CUDADriver {
    var calls = scu_driver()
    if let failure = scu_open_driver(library, &calls) {
      throw SparrowError(
        .unsupported, file: library, field: "CUDA driver", found: String(cString: failure),
        expected: "NVIDIA's driver, or --device cpu")
    }
    let driver = CUDADriver(calls: calls)
    try driver.check("cuInit", calls.initialize(0))
    return driver
  }

  /// Throws for a status that is no success: `.system`, with the call, the driver's name of the
  /// failure and its text.
  package func check(_ call: StaticString, _ status: Int32) throws(SparrowError) {
    guard status != 0 else { return }
    throw SparrowError(
      .system, file: "CUDA", field: "\(call)", found: text(of: status), expected: advice(status))
  }

  /// `CUDA_ERROR_OUT_OF_MEMORY (out of memory)`
  private func text(of status: Int32) -> String {
    func ask(
      _ call: (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32
    ) -> String? {
      var text: UnsafePointer<CChar>?
      return call(status, &text) == 0 ? text.map { String(cString: $0) } : nil
    }
    let name = ask(calls.error_name) ?? "status \(status)"
    return ask(calls.error_text).map { "\(name) (\($0))" } ?? name
  }

  private func advice(_ status: Int32) -> String {
    switch status {
    case Self.outOfMemory: "a smaller model, context or batch, or a device with more memory"
    // What a device has lost, no call of this process gets back.
    case 46, 214, 700...720, 999: "a working device: start the program again"
    case 100: "an NVIDIA device that this process may use"
    case 803, 804: "a driver and a kernel module of one version"
    default: ""
    }
  }

  /// The driver's status where memory does not suffice.
  package static let outOfMemory: Int32 = 2
}

/// One of the driver's devices, by what it says of itself.
package struct CUDADevice: Sendable, Equatable {
  package let ordinal: Int
  package let name: String
  /// Bytes.
  package let memory: Int
  /// 90 for compute capability 9.0.
  package let architecture: Int
  package let multiprocessors: Int
  /// Bytes of shared memory that one block may ask for.
  package let sharedMemory: Int
  /// Bytes of its second cache.
  package let cache: Int
  /// Bytes a second that its memory could give; 0 where it does not say.
  package let bandwidth: Double

  /// The oldest architecture that the kernels are written for.
  package static let oldest = 80

  /// Throws `.argument` for a device that is not there, `.unsupported` for one that is too old.
  package init(_ ordinal: Int, _ driver: CUDADriver) throws(SparrowError) {
    let calls = driver.calls
    var count: Int32 = 0
    try driver.check("cuDeviceGetCount", calls.device_count(&count))
    guard (0..<Int(count)).contains(ordinal) else {
      throw SparrowError(
        .argument, field: "device", found: "cuda:\(ordinal)",
        expected: count == 0 ? "an NVIDIA device" : "cuda:0 to cuda:\(count - 1)")
    }
    var device: Int32 = 0
    try driver.check("cuDeviceGet", calls.device(&device, Int32(ordinal)))
    var characters = [CChar](repeating: 0, count: 256)
    try driver.check("cuDeviceGetName", calls.device_name(&characters, 255, device))
    var bytes = 0
    try driver.check("cuDeviceTotalMem", calls.device_memory(&bytes, device))
    func attribute(_ number: Int32) throws(SparrowError) -> Int {
      var value: Int32 = 0
      try driver.check("cuDeviceGetAttribute", calls.device_attribute(&value, number, device))
      return Int(value)
    }
    self.ordinal = ordinal
    name = characters.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    memory = bytes
    architecture = 10 * (try attribute(75)) + (try attribute(76))
    multiprocessors = try attribute(16)
    sharedMemory = try attribute(97)
    cache = try attribute(38)
    // Thousands of clocks a second, at each of which it gives twice the bits of its bus.
    bandwidth = Double(try attribute(36)) * 1000 * 2 * Double(try attribute(37)) / 8
    guard architecture >= Self.oldest else {
      throw SparrowError(
        .unsupported, file: "cuda:\(ordinal)", field: "compute capability",
        found: "\(name): \(architecture / 10).\(architecture % 10)",
        expected: "\(Self.oldest / 10).0 or later, or --device cpu")
    }
  }
}
