import Sparrow
import SparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestDevice
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Models of a device are calibrated as those of the processor are.
@Suite(.serialized) struct DeviceTests {
  private static let text = VocabularyCalibrationTests.text

  private static func onDevice() throws -> Model {
    try Model.load(
      Fixtures.path("models/llama3"), options: LoadOptions(device: .cuda(0), threads: 2)
    ) { binding, pool throws(SparrowError) in
      let context = try CUDAContext(0, driver: CUDADriver(calls: TestDriver.calls))
      let cache = KernelCache(folder: nil) { () throws(SparrowError) in
        try KernelCompiler(calls: TestCompiler.calls)
      }
      return try CUDAEngine(
        binding, library: KernelLibrary(context, cache: cache), pool: pool, maximumRows: 40)
    }
  }

  /// Few tokens: a device in plain loops is slow. Attention, which times what it tries, is left to
  /// real ones.
  private static let requests: [(name: String, Calibration.Request)] = {
    var head = VocabularyCalibrationTests.options
    (head.tokens, head.window) = (128, 32)
    let networks = FeedForwardCalibrationTests.options(.lowRank) {
      ($0.rank, $0.density, $0.layers) = (8, 0.5, .all)
      ($0.tokens, $0.window) = (128, 32)
    }
    var inputs = InputCalibration.Options(tokens: 128, density: 0.6, allocation: .uniform)
    inputs.window = 32
    return [
      ("head", .init(head: head)), ("networks", .init(networks: networks)),
      ("inputs", .init(inputs: inputs)),
    ]
  }()

  @Test(
    "a plan made on a device touches there what it touches on the processor",
    arguments: requests.indices)
  func calibrates(index: Int) throws {
    let device = try Self.onDevice()
    let (adapter, _) = try Calibration.run(Self.requests[index].1, of: device, on: Self.text)
    let cpu = try VocabularyCalibrationTests.model("llama3")
    func run(_ model: Model) throws -> (densities: [Double], tops: [Int32]) {
      try model.install(adapter.plan)
      let audit = model.backend.makeAudit()
      let session = try model.session(context: 24)
      session.probes = StepProbes(audit: audit)
      let tops = try model.tokenizer.encode(Self.text).prefix(24).map {
        try session.advance($0) { $0.top }
      }
      return (audit.layers.map(\.density) + audit.layers.compactMap(\.recall), tops)
    }
    let (found, expected) = (try run(device), try run(cpu))
    #expect(found.densities.count == expected.densities.count)
    for (own, other) in zip(found.densities.sorted(), expected.densities.sorted()) {
      #expect(abs(own - other) < 0.05)
    }
    #expect(zip(found.tops, expected.tops).count { $0 == $1 } >= 23)
  }
}
