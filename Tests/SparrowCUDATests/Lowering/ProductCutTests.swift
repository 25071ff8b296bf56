import CSparrowCUDA
import SparrowCore
import Testing

@testable import SparrowCUDA

/// Products are cut so that every format and number of rows fits a device.
@Suite struct ProductCutTests {
  @Test(arguments: (SCU_F16.rawValue...SCU_Q8.rawValue).map { scu_format($0) }, [1, 9, 17, 128])
  func fitsTheDevice(_ format: scu_format, _ rows: Int) throws {
    let large = try KernelLibrary.test().context.device
    // Compute capability 8.9, 99 KiB of shared memory.
    let small = try KernelLibrary.test {
      $0.device_attribute = { value, attribute, _ in
        value!.pointee = [75: 8, 76: 9, 16: 58, 97: 101_376][attribute] ?? 0
        return 0
      }
    }.context.device
    for (device, tiles) in [(large, 1), (large, 256), (large, 3000), (small, 256), (small, 3000)] {
      let cut = ProductCut.of(format, tiles: tiles, rows: rows, on: device)
      #expect(cut.sharedBytes <= device.sharedMemory)
      #expect(cut.grid.x > 0 && cut.grid.y > 0)
      #expect(cut.kernel == (rows < ProductCut.many ? "multiply" : "multiply_many"))
    }
  }

  @Test("a single row that blocks make themselves has room beside the rings")
  func staged() throws {
    let device = try KernelLibrary.test().context.device
    let cut = ProductCut.of(SCU_BF16, tiles: 256, rows: 1, stagedBytes: 33_792, on: device)
    #expect(cut.kernel == "multiply_staged")
    #expect(cut.sharedBytes > 33_792)
    #expect(2 * cut.sharedBytes <= device.sharedMemory)
  }
}
