import CSparrowCUDA

extension TestKernels {
  static let best: [String: Kernel] = [
    "best_of_runs": kernel { (a: scu_best, grid) in
      let width = Int(a.width)
      let runs = (width + 63) / 64
      for row in 0..<grid[1] {
        for run in 0..<runs {
          let own = (64 * run..<min(64 * run + 64, width)).map { logits(a, row)[$0] }
          floats(a.runs, row * runs)[run] = own.filter { !$0.isNaN }.max() ?? -.infinity
        }
      }
    },
    "find_best": kernel { (a: scu_best, grid) in
      for row in 0..<grid[0] {
        let logits = logits(a, row)
        let best = TestDriver.memory(a.best).assumingMemoryBound(to: scu_best_row.self) + row
        var ranked: [Int] = []
        for id in logits.indices where logits[id] > -.infinity {
          if ranked.count == Int(SCU_BEST), logits[id] <= logits[ranked.last!] { continue }
          ranked.insert(id, at: ranked.firstIndex { logits[$0] < logits[id] } ?? ranked.count)
          if ranked.count > Int(SCU_BEST) { ranked.removeLast() }
        }
        let found = ranked.sorted()
        best.pointee.count = 0
        guard found.count == Int(SCU_BEST) else { continue }
        best.pointee.count = Int32(SCU_BEST)
        withUnsafeMutableBytes(of: &best.pointee.ids) { ids in
          for (place, id) in found.enumerated() {
            ids.storeBytes(of: Int32(id), toByteOffset: 4 * place, as: Int32.self)
          }
        }
        withUnsafeMutableBytes(of: &best.pointee.logits) { values in
          for (place, id) in found.enumerated() {
            values.storeBytes(of: logits[id], toByteOffset: 4 * place, as: Float.self)
          }
        }
      }
    },
  ]

  private static func logits(_ a: scu_best, _ row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: floats(a.logits, row * Int(a.width)), count: Int(a.width))
  }
}
