import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTestDevice
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// What goes wrong with drivers, devices and compilers is one clear error.
@Suite struct FailureTests {
  private func error(_ body: () throws -> Void) -> SparrowError? {
    do {
      try body()
      return nil
    } catch { return error as? SparrowError }
  }

  private func engine(_ library: KernelLibrary) throws -> CUDAEngine {
    let binding = try WeightBinding(opening: Fixtures.path("models/llama3"))
    return try CUDAEngine(binding, library: library, pool: WorkerPool(count: 1), maximumRows: 32)
  }

  @Test("without a driver it says what to install")
  func noDriver() {
    let found = error { _ = try CUDADriver.open("libcuda-of-nobody.so.1") }
    #expect(found?.kind == .unsupported)
    #expect(found?.expected == "NVIDIA's driver, or --device cpu")
  }

  @Test("a device that is not there")
  func noDevice() {
    let found = error {
      _ = try CUDAContext(3, driver: CUDADriver(calls: TestDriver.calls))
    }
    #expect(found?.kind == .argument && found?.expected == "cuda:0 to cuda:0")
  }

  @Test("a device that is too old")
  func oldDevice() {
    let found = error {
      _ = try KernelLibrary.test {
        $0.device_attribute = { value, _, _ in
          value!.pointee = 7
          return 0
        }
      }
    }
    #expect(found?.kind == .unsupported && found?.found == "Test device: 7.7")
  }

  @Test("a kernel that does not compile names its file and the compiler's first complaint")
  func failingCompile() {
    let found = error {
      _ = try engine(
        .test(compiler: { calls in
          calls.compile = { _, _, _ in 6 }
          calls.log_bytes = { _, bytes in
            bytes!.pointee = 33
            return 0
          }
          calls.log = { _, log in
            for (index, byte) in "note\nrows.cu(3): error: nonsense\0".utf8.prefix(33).enumerated()
            {
              log![index] = CChar(byte)
            }
            return 0
          }
        }))
    }
    #expect(found?.file == "rows.cu" && found?.found == "rows.cu(3): error: nonsense")
  }

  @Test("a model that does not fit is refused with both sizes")
  func tooLarge() {
    let found = error {
      _ = try engine(
        .test {
          $0.allocate = { _, _ in 2 }
          $0.memory_info = { free, total in
            free!.pointee = 4096
            total!.pointee = 8192
            return 0
          }
        })
    }
    #expect(found?.kind == .system, "\(String(describing: found))")
    #expect(
      found.map { $0.description.contains("4.10 kB") } == true, "\(String(describing: found))")
  }

  @Test("a device that is lost ends steps with its error, whoever asks")
  func lost() throws {
    let own = try engine(.test { $0.wait_for_stream = { _ in TestFailure.status } })
    let sequence = try own.sequence(capacity: 8)
    own.step(.decode([1], of: [sequence]))
    #expect(own.output(row: 0).logits.count == own.model.vocabulary)
    #expect(own.failure == nil)
    TestFailure.$isLost.withValue(true) {
      own.step(.decode([2], of: [sequence]))
      #expect(own.output(row: 0).logits.allSatisfy { $0 == 0 })
    }
    let failure = try #require(own.failure)
    #expect(failure.kind == .system && failure.file == "cuda:0")
    #expect(failure.expected == "a working device: start the program again")
    own.step(.decode([3], of: [sequence]))
    #expect(own.failure == failure && sequence.count == 3)
  }
}

/// A device that a task loses.
enum TestFailure {
  @TaskLocal static var isLost = false

  /// An illegal address, once it is lost.
  static var status: Int32 { isLost ? 700 : 0 }
}
