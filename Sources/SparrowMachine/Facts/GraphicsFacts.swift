internal import SparrowCore

/// NVIDIA's devices, their driver and the compiler of kernels.
struct GraphicsFacts {
  /// Devices on the bus; 0 where the system does not tell.
  var devicesOnBus: Int
  var driver: CUDADriver?
  /// The driver's own release, such as 580.65.06.
  var release: String?
  /// NVRTC's version.
  var compiler: String?

  init(root: String = "") {
    let bus = root + "/sys/bus/pci/devices"
    devicesOnBus = Files.names(in: bus).count { Self.isDevice(bus + "/" + $0) }
    driver = CUDADriver()
    release = Self.release(Files.textOfUnknownSize(root + "/proc/driver/nvidia/version") ?? "")
    compiler = CUDADriver.compiler()
  }

  /// NVIDIA's vendor number and a class of displays or accelerators.
  private static func isDevice(_ folder: String) -> Bool {
    let vendor = Files.textOfUnknownSize(folder + "/vendor")?.trimmed
    let kind = Files.textOfUnknownSize(folder + "/class")?.trimmed ?? ""
    return vendor == "0x10de" && (kind.hasPrefix("0x03") || kind.hasPrefix("0x12"))
  }

  /// The first word of numbers and points in the first line.
  static func release(_ text: String) -> String? {
    text.split(separator: "\n").first?.split(separator: " ").first { word in
      word.contains(".") && word.allSatisfy { $0.isNumber || $0 == "." }
    }.map(String.init)
  }

  var finding: Finding {
    let devices = driver?.devices ?? []
    let value: JSON = [
      "devices_on_bus": .integer(devicesOnBus), "driver": release.map(JSON.string) ?? .null,
      "version": (driver?.version).map(JSON.string) ?? .null,
      "compiler": compiler.map(JSON.string) ?? .null,
      "devices": .array(
        devices.map {
          [
            "name": .string($0.name), "bytes": .integer($0.memory),
            "compute_capability": .string($0.capability),
          ]
        }),
    ]
    let nvrtc = compiler.map { "NVRTC \($0)" } ?? "no NVRTC"
    guard let driver else {
      guard devicesOnBus > 0 || release != nil else {
        return Finding("cuda", "no NVIDIA device", value)
      }
      return Finding(
        "cuda", "a device but no driver that starts", value, .missing,
        advice: "install NVIDIA's driver with its library libcuda.so.1; in a container, give it "
          + "the devices")
    }
    let names = devices.map { "\($0.name) (\(Quantity.bytes($0.memory)), \($0.capability))" }
    let list = names.isEmpty ? "no device" : names.joined(separator: ", ")
    let number = release.map { " \($0)" } ?? ""
    return Finding("cuda", "\(list); driver\(number) for CUDA \(driver.version), \(nvrtc)", value)
  }
}
