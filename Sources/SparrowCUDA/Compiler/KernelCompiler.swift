package import CSparrowCUDA
package import SparrowCore

/// NVIDIA's compiler of kernels, found at run time.
package final class KernelCompiler: Sendable {
  private let calls: scu_compiler
  /// Such as 13.0.
  package let version: String

  package init(calls: scu_compiler) throws(SparrowError) {
    self.calls = calls
    var major: Int32 = 0
    var minor: Int32 = 0
    guard calls.version(&major, &minor) == 0 else {
      throw SparrowError(.system, file: "NVRTC", found: "it does not say its version")
    }
    version = "\(major).\(minor)"
  }

  /// Throws `.unsupported` where none is found, with what to install.
  package static func open(
    _ libraries: CUDALibraries = CUDALibraries()
  ) throws(SparrowError) -> KernelCompiler {
    for path in libraries.candidates("libnvrtc.so") {
      var calls = scu_compiler()
      if scu_open_compiler(path, &calls) == nil { return try KernelCompiler(calls: calls) }
    }
    throw SparrowError(
      .unsupported, field: "NVRTC", found: "no libnvrtc.so.13 or libnvrtc.so.12",
      expected: "pip install nvidia-cuda-nvrtc, or its folder in SPARROW_CUDA_LIBS")
  }

  /// Machine code of a source for an architecture, 90 for compute capability 9.0, with constants
  /// defined as macros.
  ///
  /// Throws `.system` with the compiler's first complaint.
  package func compile(
    _ source: String, name: String, architecture: Int, constants: [(String, Int)] = []
  ) throws(SparrowError) -> [UInt8] {
    var program: scu_program?
    guard calls.make(&program, source, name, 0, nil, nil) == 0, let program else {
      throw SparrowError(.system, file: name, field: "NVRTC", found: "no program can be made")
    }
    defer {
      var program: scu_program? = program
      _ = calls.destroy(&program)
    }
    let options = Self.options(architecture, constants)
    let status = options.withCStrings { calls.compile(program, Int32(options.count), $0) }
    guard status == 0 else {
      throw SparrowError(
        .system, file: name, field: "NVRTC \(version)", found: firstComplaint(program),
        expected: "a kernel that compiles for sm_\(architecture)")
    }
    var count = 0
    guard calls.image_bytes(program, &count) == 0, count > 0 else {
      throw SparrowError(.system, file: name, field: "NVRTC", found: "no machine code")
    }
    var image = [CChar](repeating: 0, count: count)
    guard calls.image(program, &image) == 0 else {
      throw SparrowError(.system, file: name, field: "NVRTC", found: "no machine code")
    }
    return image.map { UInt8(bitPattern: $0) }
  }

  /// No fused operations that the source does not name differ by them: sums repeat on every
  /// architecture's own code.
  static func options(_ architecture: Int, _ constants: [(String, Int)]) -> [String] {
    ["--gpu-architecture=sm_\(architecture)", "--std=c++17", "--device-int128"]
      + constants.map { "-D\($0)=\($1)" }
  }

  private func firstComplaint(_ program: scu_program) -> String {
    var count = 0
    guard calls.log_bytes(program, &count) == 0, count > 1 else { return "no reason given" }
    var log = [CChar](repeating: 0, count: count)
    guard calls.log(program, &log) == 0 else { return "no reason given" }
    let text = log.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let lines = text.split(separator: "\n")
    return String(lines.first { $0.contains("error") } ?? lines.first ?? "no reason given")
  }
}

extension [String] {
  /// The strings as C's arrays of strings, valid until `body` returns.
  fileprivate func withCStrings<T>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T
  ) -> T {
    let copies = map { text in
      let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
      _ = bytes.initialize(from: text.utf8CString)
      return bytes
    }
    defer { copies.forEach { $0.deallocate() } }
    let pointers = copies.map { UnsafePointer($0.baseAddress) }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
