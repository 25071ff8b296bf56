import CSparrowCUDA
import SparrowCore
import SparrowTestDevice
import Testing

@testable import SparrowCUDA

@Suite struct DeviceCheckupTests {
  private let check = DeviceCheck("sums") { _, _ in .init(isRight: false, text: "1 is not 2") }

  @Test("what a device is, how fast it reads, and every check")
  func lines() throws {
    let lines = DeviceCheckup.run(
      try .test {
        $0.memory_info = { free, _ in
          free!.pointee = 1 << 20
          return 0
        }
      }, [check], try WorkerPool(count: 1))
    try #require(lines.map(\.name) == ["cuda:0", "bandwidth", "check sums"])
    #expect(lines.map(\.isRight) == [true, true, false])
    #expect(lines[0].text.hasPrefix("Test device, compute capability 9.0, 132 multiprocessors"))
    // Four times 256 KiB in a millisecond, and copies both ways.
    #expect(lines[1].text == "1.05 GB/s read, 2.10 GB/s copied")
    #expect(lines[2].text == "1 is not 2")
  }

  @Test("a device that does not answer is a line with its error")
  func failing() throws {
    let library = try KernelLibrary.test { $0.memory_info = { _, _ in 700 } }
    let lines = DeviceCheckup.run(library, [check], try WorkerPool(count: 1))
    #expect(lines.count == 1 && lines[0].name == "cuda:0" && !lines[0].isRight)
    #expect(lines[0].text.contains("start the program again"))
  }
}
