import SparrowCore

/// Everything that `sparrow doctor` looks at on a device: what it is, how fast it reads, and whether
/// its kernels compute what the reference lowering does.
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
    var lines: [Line] = []
    do throws(SparrowError) {
      let library = try KernelLibrary.open(ordinal)
      let pool = try WorkerPool(count: threads)
      lines += try facts(library)
      for check in DeviceCheck.all + models.map({ DeviceCheck(model: $0) }) {
        let found = check.run(library, pool)
        lines.append(
          Line(name: "check \(check.name)", text: found.text, isRight: found.isRight))
      }
    } catch {
      lines.append(Line(name: "cuda:\(ordinal)", text: error.description, isRight: false))
    }
    return lines
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
