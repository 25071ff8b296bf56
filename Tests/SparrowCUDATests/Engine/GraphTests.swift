import SparrowCore
import SparrowEngine
import SparrowTestDevice
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// What a step launches, and when it is a graph.
@Suite struct GraphTests {
  private func engine(_ name: String) throws -> CUDAEngine {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    return try CUDAEngine(binding, library: .test(), pool: WorkerPool(count: 1), maximumRows: 32)
  }

  private let best = ["best_of_runs", "find_best"]

  private func log(_ body: () throws -> Void) rethrows -> TestDriver.Log {
    let log = TestDriver.Log()
    try TestDriver.$log.withValue(log) { try body() }
    return log
  }

  @Test("a layer's launches, in order")
  func plan() throws {
    let own = try engine("llama3")
    let sequence = try own.sequence(capacity: 32)
    let kernels = log { own.step(.decode([1], of: [sequence])) }.launches.map(\.kernel)
    let layer = [
      "norm_rows", "multiply_floats", "decode_heads_ahead", "multiply_floats", "norm_rows",
      "multiply_floats", "activate_rows", "multiply_floats",
    ]
    #expect(kernels == ["embed_rows"] + layer + layer + ["norm_rows", "multiply_floats"] + best)
  }

  @Test("of a single row products make their input themselves: five launches a layer")
  func lean() throws {
    let own = try engine("smollm2")
    // One kernel for all knows caches of halves only.
    let sequence = try own.sequence(capacity: 32, type: .f32)
    let kernels = log { own.step(.decode([1], of: [sequence])) }.launches.map(\.kernel)
    let layer = [
      "multiply_staged", "decode_heads", "multiply_staged", "multiply_staged", "multiply_staged",
    ]
    let head = ["norm_rows", "prepare_input", "multiply"] + best
    #expect(kernels == ["embed_rows"] + layer + layer + head)
  }

  @Test("a shape is captured when it comes again, and the same for any position within a part")
  func capture() throws {
    let own = try engine("llama3")
    let sequence = try own.sequence(capacity: 600)
    let first = log { own.step(.decode([1], of: [sequence])) }
    #expect(first.graphs == 0 && !first.launches.isEmpty)
    let second = log { own.step(.decode([2], of: [sequence])) }
    #expect(second.graphs == 1 && second.launches == first.launches)
    let third = log { own.step(.decode([3], of: [sequence])) }
    #expect(third.graphs == 1 && third.launches.isEmpty)
    // Beyond one part of keys the launches are others.
    for start in stride(from: 3, to: 256, by: 32) {
      own.step(.prompt((0..<min(32, 256 - start)).map { Int32($0) }, of: sequence))
    }
    let long = log { own.step(.decode([1], of: [sequence])) }
    #expect(long.graphs == 0 && long.launches.contains { $0.kernel == "join_parts" })
  }

  @Test("every launch but the first after a copy may begin early")
  func early() throws {
    let own = try engine("gemma3")
    let sequence = try own.sequence(capacity: 32, type: .f32)
    let launches = log { own.step(.decode([1], of: [sequence])) }.launches
    let late = launches.dropFirst().filter { !$0.startsEarly }
    #expect(late == [])
    #expect(launches[0].kernel == "embed_rows" && !launches[0].startsEarly)
  }
}
