import SparrowCore

/// Everything that `sparrow doctor` looks at on a device: what it is, how fast it reads, and
/// whether its kernels compute what the reference lowering does.
package struct DeviceCheckup: Sendable {
  /// A line of what was found.
  package struct Line: Sendable {
    package let name: String
    package let text: String
    package let isRight: Bool
  }

  /// Looks at the device of a number, and checks the models of files or folders beside its own.
  ///
  /// What cannot be done is a line that is not right, with what to install; what it cannot do
  /// without ends the list. Takes some seconds, more where kernels are compiled for the first time.
  package static func run(_ ordinal: Int, models: [String] = [], threads: Int) -> [Line] {
    do throws(SparrowError) {
      let library = try KernelLibrary.open(ordinal)
      let checks = DeviceCheck.all + models.map { DeviceCheck(model: $0) }
      return [compiler] + run(library, checks, try WorkerPool(count: threads))
    } catch {
      return [Line(name: "cuda:\(ordinal)", text: error.description, isRight: false)]
    }
  }

  static func run(_ library: KernelLibrary, _ checks: [DeviceCheck], _ pool: WorkerPool) -> [Line] {
    do throws(SparrowError) {
      let facts = try facts(library)
      return facts
        + checks.map { check in
          let found = check.run(library, pool)
          return Line(name: "check \(check.name)", text: found.text, isRight: found.isRight)
        }
    } catch {
      let name = "cuda:\(library.context.device.ordinal)"
      return [Line(name: name, text: error.description, isRight: false)]
    }
  }

  /// The compiler of kernels. Where all kernels lie in the cache nothing misses it.
  private static var compiler: Line {
    do throws(SparrowError) {
      return Line(name: "nvrtc", text: try KernelCompiler.open().version, isRight: true)
    } catch { return Line(name: "nvrtc", text: error.description, isRight: false) }
  }

  private static func facts(_ library: KernelLibrary) throws(SparrowError) -> [Line] {
    let device = library.context.device
    func line(_ name: String, _ text: String) -> Line {
      Line(name: name, text: text, isRight: true)
    }
    let free = Quantity.bytes(try library.context.freeMemory())
    let capability = "\(device.architecture / 10).\(device.architecture % 10)"
    let bandwidth = try DeviceBandwidth.measure(library)
    return [
      line(
        "cuda:\(device.ordinal)",
        "\(device.name), compute capability \(capability), \(device.multiprocessors) "
          + "multiprocessors, \(free) of \(Quantity.bytes(device.memory)) free"),
      line(
        "bandwidth",
        "\(Quantity.bytes(bandwidth.reads))/s read, \(Quantity.bytes(bandwidth.copies))/s copied"),
    ]
  }
}
