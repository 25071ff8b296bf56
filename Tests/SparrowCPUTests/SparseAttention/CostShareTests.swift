import SparrowCore
import Synchronization
import Testing

@testable import SparrowCPU

@Suite struct CostShareTests {
  @Test("workers take every unit of all pieces once, in equal parts", arguments: 1...5)
  func covers(workers: Int) throws {
    var random = SeededRandom(seed: UInt64(workers))
    for _ in 0..<20 {
      let pieces = (0..<9).map { _ in
        (units: Int(random.uniform() * 7), cost: 1 + Int(random.uniform() * 4))
      }
      let total = pieces.reduce(0) { $0 + $1.units * $1.cost }
      let taken = Mutex<[[Range<Int>]]>([])
      try WorkerPool(count: workers).run { worker in
        var share = CostShare(worker, of: total)
        let own = pieces.map { share.take($0.units, cost: $0.cost) }
        taken.withLock { $0.append(own) }
      }
      let parts = taken.withLock { $0 }
      for (index, piece) in pieces.enumerated() {
        let units = parts.flatMap { Array($0[index]) }.sorted()
        #expect(units == Array(0..<piece.units))
      }
      for own in parts {
        let cost = zip(own, pieces).reduce(0) { $0 + $1.0.count * $1.1.cost }
        // Pieces are cut between units: at most one unit more on either side.
        #expect(abs(cost - total / workers) <= 2 * 4)
      }
    }
  }
}
