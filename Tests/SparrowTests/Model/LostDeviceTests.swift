import CSparrowCUDA
import Sparrow
import SparrowCUDA
import SparrowCore
import SparrowTestDevice
import SparrowTestSupport
import Synchronization
import Testing

/// A device that is lost ends what runs on it with one clear error.
@Suite(.serialized) struct LostDeviceTests {
  /// Times that the host may still wait for the device before it is lost.
  private static let left = Atomic(0)

  private func model(after steps: Int) throws -> Model {
    Self.left.store(.max, ordering: .relaxed)
    let model = try Model.load(
      Fixtures.path("models/llama3"), options: LoadOptions(device: .cuda(0), threads: 1)
    ) { binding, pool throws(SparrowError) in
      var calls = TestDriver.calls
      calls.wait_for_stream = { _ in
        // An illegal address.
        LostDeviceTests.left.subtract(1, ordering: .relaxed).newValue < 0 ? 700 : 0
      }
      let context = try CUDAContext(0, driver: CUDADriver(calls: calls))
      let cache = KernelCache(folder: nil) { () throws(SparrowError) in
        try KernelCompiler(calls: TestCompiler.calls)
      }
      return try CUDAEngine(
        binding, library: KernelLibrary(context, cache: cache), pool: pool, maximumRows: 32)
    }
    Self.left.store(steps, ordering: .relaxed)
    return model
  }

  private func expectLost(_ error: (any Error)?) {
    let error = error as? SparrowError
    #expect(error?.kind == .system && error?.file == "cuda:0", "\(String(describing: error))")
    #expect(error?.expected == "a working device: start the program again")
  }

  @Test("a session throws it behind the step that met it, and for every step after")
  func session() throws {
    let session = try model(after: 2).session(context: 64)
    let options = GenerationOptions(maximumTokens: 20, ignoresEnd: true)
    for _ in 0..<2 {
      var found: (any Error)?
      do { _ = try session.generate("ab", options: options) { _ in true } } catch { found = error }
      expectLost(found)
    }
  }

  @Test("a scheduler ends the requests that run, those that wait and those that come")
  func scheduler() async throws {
    let scheduler = try model(after: 3).scheduler(SchedulerOptions(parallel: 1, context: 64))
    func submit() throws -> GenerationStream {
      try scheduler.submit(
        GenerationRequest(
          prompt: [1, 2, 3], options: GenerationOptions(maximumTokens: 20, ignoresEnd: true)))
    }
    func end(_ stream: GenerationStream) async {
      var found: (any Error)?
      do { for try await _ in stream {} } catch { found = error }
      expectLost(found)
    }
    let (first, second) = (try submit(), try submit())
    await end(first)
    await end(second)
    await end(try submit())
    await scheduler.stop()
  }
}
