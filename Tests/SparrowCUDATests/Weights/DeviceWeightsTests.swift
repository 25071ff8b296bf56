import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowTestDevice
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// Weights on their way from a file to a device.
@Suite struct DeviceWeightsTests {
  private static let gate = WeightRole(.gate, layer: 0)

  private func weights(
    _ type: ElementType, _ change: (inout scu_driver) -> Void = { _ in }
  ) throws -> (DeviceWeights, WeightBinding) {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: type, hidden: 256, width: 512).bytes()
    let checkpoint = try Checkpoint.open(try folder.write("m.gguf", file))
    let binding = try WeightBinding(
      checkpoint: checkpoint, configuration: try ModelConfiguration(gguf: checkpoint))
    let library = try KernelLibrary.test(change)
    return (
      try DeviceWeights(binding, pool: WorkerPool(count: 2), in: library.context), binding
    )
  }

  @Test("rows and vectors are read back as the file has them", arguments: ElementType.weightTypes)
  func readsBack(_ type: ElementType) throws {
    let (weights, binding) = try weights(type)
    let source = binding.matrix(Self.gate)
    #expect(weights.shape(of: Self.gate) == (512, 256))
    let bytes = binding.checkpoint.bytes(of: source.entry)
    for row in [0, 7, 511] {
      var (found, expected) = ([Float](repeating: 0, count: 256), [Float](repeating: 1, count: 256))
      weights.read(row, of: Self.gate, into: &found)
      type.expand(bytes.baseAddress! + row * bytes.count / 512, count: 256, into: &expected)
      #expect(type.keeps(found, of: expected))
    }
    let norm = WeightRole(.feedForwardNorm, layer: 0)
    let host = try #require(weights.vector(norm))
    // The test driver's addresses are the host's.
    let device = UnsafePointer<Float>(bitPattern: UInt(try #require(weights.address(norm))))
    #expect(device?[9] == host[9])
    #expect(weights.byteCount(of: Self.gate) == 512 * weights.rowBytes(of: Self.gate))
  }

  @Test("a model that does not fit is refused with both sizes")
  func refusesWhatDoesNotFit() throws {
    let error = #expect(throws: SparrowError.self) {
      try weights(.q8_0) {
        $0.memory_info = { free, total in
          (free!.pointee, total!.pointee) = (200_000, 300_000)
          return 0
        }
      }
    }
    #expect(error?.kind == .system)
    #expect(error?.found.contains("of weights") == true)
    #expect(error?.expected.contains("free there") == true)
  }
}
