import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Running other plans over the same weights.
@Suite(.serialized) struct PlanTests {
  private static let networks = [
    0: FeedForwardPlan(predictor: .exact, selector: .topK(30), kept: .topK(20)),
    1: FeedForwardPlan(predictor: .gate, selector: .topK(5), groupSize: 8),
  ]

  private static func step(_ backend: any Backend) throws -> [[Float]] {
    let sequences = try (0..<2).map { _ in try backend.sequence(capacity: 2, type: .f32) }
    backend.step(.decode([1, 2], of: sequences))
    return (0..<2).map { Array(backend.hidden(row: $0)) }
  }

  @Test("a plan that is selected runs as in a backend of its own", arguments: TestBackend.all)
  func selects(backend: TestBackend) throws {
    let binding = try WeightBinding(NetworkModel(type: .q8_0, layers: 2))
    let first = SparsePlan(networks: Self.networks)
    var other = first
    other.networks[0]!.selector = .topK(7)
    other.networks[0]!.kept = nil
    other.networks[1] = nil
    let own = try backend.open(binding, threads: 1) { _ in first }
    let before = try Self.step(own)
    own.use(other)
    let fresh = try backend.open(binding, threads: 1) { _ in other }
    #expect(try Self.step(own) == Self.step(fresh))
    own.use(first)
    #expect(try Self.step(own) == before)
  }

  @Test(
    "a plan that is installed runs as in a backend of its own", arguments: TestBackend.all,
    PlanKind.allCases)
  func installs(backend: TestBackend, kind: PlanKind) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/llama3"))
    let own = try backend.open(binding) { PlanKind.all.plan($0) }
    own.install(kind.plan(own.model))
    let fresh = try backend.open(binding) { kind.plan($0) }
    #expect(try Self.step(own) == Self.step(fresh))
  }

  @Test(
    "a plan in use has the head that it says, whatever is installed", arguments: TestBackend.all)
  func usesItsOwnHead(backend: TestBackend) throws {
    let own = try backend.open(Fixtures.path("models/llama3")) { PlanKind.all.plan($0) }
    let installed = own.plan
    for part in [SparsePlan(networks: installed.networks), .dense, installed] {
      own.use(part)
      _ = try Self.step(own)
      let output = own.output(row: 0)
      let found = Array(output.logits)
      #expect((output.ids != nil) == (part.head != nil))
      if part.head == nil { #expect(found == Array(own.logits(rows: 0..<1))) }
    }
  }
}
