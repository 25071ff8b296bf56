import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowTestDevice
import Testing

@testable import SparrowCUDA

@Suite struct DeviceCheckTests {
  /// All but the long text, which takes plain loops too long, and what has a test of its own.
  private static let short = DeviceCheck.dense.filter {
    !$0.name.contains("long") && !$0.name.hasPrefix("chosen")
  }

  @Test("a device that computes what kernels mean passes every check", arguments: short)
  func right(check: DeviceCheck) throws {
    let found = check.run(try .test(), try WorkerPool(count: 1))
    #expect(found.isRight, "\(check.name): \(found.text)")
  }

  @Test(
    "a sparse plan gives what the reference gives with all else zeroed, in any company",
    arguments: [
      "low rank", "two stages of groups", "sketched rest", "heads", "large inputs",
      "head by codes",
    ])
  func sparse(name: String) throws {
    let check = try SparseCheck(TinyModel.sparse[1], .test(), WorkerPool(count: 1))
    let sample = try #require(SamplePlan.all.first { $0.name == name })
    let found = try #require(try check.run(sample))
    #expect(found.error < 1e-4 && found.hasOwnBits, "\(found)")
  }

  @Test(
    "chosen rows and columns of blocks give what the reference gives",
    arguments: [.q3_K, .q4_1] as [ElementType])
  func chosen(type: ElementType) throws {
    let check = try SparseCheck(.blocks, of: type, .test(), WorkerPool(count: 1))
    let found = try check.run(["low rank"])
    #expect(found.isRight, "\(type): \(found.text)")
  }

  @Test("a device that computes nothing passes none")
  func wrong() throws {
    let library = try KernelLibrary.test { $0.launch = { _, _, _, _ in 0 } }
    let found = Self.short[0].run(library, try WorkerPool(count: 1))
    #expect(!found.isRight && found.text.contains("inf"), "\(found.text)")
  }

  @Test("a device that fails is found to fail, with its error")
  func failing() throws {
    let library = try KernelLibrary.test { $0.launch = { _, _, _, _ in 719 } }
    let found = Self.short[0].run(library, try WorkerPool(count: 1))
    #expect(!found.isRight && found.text.contains("cuLaunchKernelEx"), "\(found.text)")
  }
}

extension DeviceCheck: CustomTestStringConvertible {
  public var testDescription: String { name }
}
