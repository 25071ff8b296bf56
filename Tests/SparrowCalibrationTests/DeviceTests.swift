import Sparrow
import SparrowCUDA
import SparrowCore
import SparrowEvaluation
import SparrowFormats
import SparrowSparsity
import SparrowTestDevice
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Models of a device are calibrated and evaluated as those of the processor are.
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

  private static let requests: [(name: String, Calibration.Request)] = [
    ("head", .init(head: VocabularyCalibrationTests.options)),
    (
      "networks",
      .init(
        networks: FeedForwardCalibrationTests.options(.sketch) {
          ($0.coding, $0.density, $0.layers) = (.int4, 0.5, .all)
        })
    ),
    (
      "attention",
      .init(
        attention: {
          var options = AttentionCalibration.Options()
          (options.tokens, options.window, options.target) = (1200, 64, .density(0.75))
          return options
        }())
    ),
    (
      "inputs",
      .init(
        inputs: {
          var options = InputCalibration.Options(
            tokens: 1200, density: 0.6, allocation: .uniform)
          options.window = 64
          return options
        }())
    ),
  ]

  @Test(
    "a plan made on a device is as near to the dense model there as on the processor",
    arguments: requests.indices)
  func calibrates(index: Int) throws {
    let device = try Self.onDevice()
    let (adapter, _) = try Calibration.run(Self.requests[index].1, of: device, on: Self.text)
    let cpu = try VocabularyCalibrationTests.model("llama3")
    func fidelity(_ model: Model) throws -> Fidelity {
      try model.install(adapter.plan)
      return try Fidelity.measure(model, text: Self.text, context: 48, windows: 2)
    }
    let (found, expected) = (try fidelity(device), try fidelity(cpu))
    #expect(found.positions == expected.positions)
    #expect(abs(found.densePerplexity / expected.densePerplexity - 1) < 1e-4)
    #expect(abs(found.logRatio.mean - expected.logRatio.mean) < 0.02)
    #expect(found.layers.count == expected.layers.count)
    for (own, other) in zip(found.layers, expected.layers) {
      #expect(abs(own.density - other.density) < 0.05)
      #expect(abs((own.recall ?? 1) - (other.recall ?? 1)) < 0.05)
    }
  }
}
