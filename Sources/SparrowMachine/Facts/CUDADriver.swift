internal import CSparrowSystem

/// What NVIDIA's driver says of its devices, asked of its library at run time: nothing is linked.
struct CUDADriver {
  struct Device: Equatable {
    var name: String
    /// Bytes.
    var memory: Int
    /// Such as 9.0.
    var capability: String
  }

  /// The newest CUDA that the driver runs, such as 13.0.
  var version: String
  var devices: [Device]

  /// nil without the library, or when the driver does not start: no device, or another version in
  /// the kernel.
  init?(library name: String = "libcuda.so.1") {
    guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
    func function<F>(_ name: String, _ type: F.Type) -> F? {
      dlsym(library, name).map { unsafeBitCast($0, to: type) }
    }
    typealias Number = UnsafeMutablePointer<Int32>
    guard
      let start = function("cuInit", (@convention(c) (UInt32) -> Int32).self),
      let getVersion = function("cuDriverGetVersion", (@convention(c) (Number) -> Int32).self),
      let getCount = function("cuDeviceGetCount", (@convention(c) (Number) -> Int32).self),
      let getDevice = function("cuDeviceGet", (@convention(c) (Number, Int32) -> Int32).self),
      let getName = function(
        "cuDeviceGetName",
        (@convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32).self),
      let getMemory = function(
        "cuDeviceTotalMem_v2", (@convention(c) (UnsafeMutablePointer<Int>, Int32) -> Int32).self),
      let getAttribute = function(
        "cuDeviceGetAttribute", (@convention(c) (Number, Int32, Int32) -> Int32).self)
    else { return nil }
    var number: Int32 = 0
    guard start(0) == 0, getVersion(&number) == 0 else { return nil }
    version = Self.text(version: number)
    devices = []
    guard getCount(&number) == 0 else { return }
    for index in 0..<min(number, 64) {
      var device: Int32 = 0
      guard getDevice(&device, index) == 0 else { continue }
      var bytes = 0
      var characters = [CChar](repeating: 0, count: 256)
      _ = getMemory(&bytes, device)
      _ = getName(&characters, Int32(characters.count - 1), device)
      // Attributes 75 and 76: the compute capability's two numbers.
      var major: Int32 = 0
      var minor: Int32 = 0
      _ = getAttribute(&major, 75, device)
      _ = getAttribute(&minor, 76, device)
      let name = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      devices.append(
        Device(
          name: String(decoding: name, as: UTF8.self), memory: bytes,
          capability: "\(major).\(minor)"))
    }
  }

  /// 13000 is 13.0.
  static func text(version: Int32) -> String { "\(version / 1000).\(version % 1000 / 10)" }

  /// The version of the compiler of kernels (NVRTC) that the loader finds; nil without.
  static func compiler() -> String? {
    for name in ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"] {
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL),
        let symbol = dlsym(library, "nvrtcVersion")
      else { continue }
      typealias Number = UnsafeMutablePointer<Int32>
      let version = unsafeBitCast(symbol, to: (@convention(c) (Number, Number) -> Int32).self)
      var major: Int32 = 0
      var minor: Int32 = 0
      if version(&major, &minor) == 0 { return "\(major).\(minor)" }
    }
    return nil
  }
}
