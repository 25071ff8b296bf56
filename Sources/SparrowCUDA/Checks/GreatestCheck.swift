import CSparrowCUDA
import SparrowCore
import SparrowEngine

/// The greatest logits that a device finds beside those that the host finds.
struct GreatestCheck {
  /// Rows of logits that differ in what is hard about them.
  private enum Kind: CaseIterable {
    case random, ties, equal, crowd, noNumbers, fewNumbers, infinite
  }
  /// Fewer runs than are wanted; the last run short; more runs than a block has threads.
  private static let widths = [300, 5_001, 70_000]

  private let library: KernelLibrary

  init(_ library: KernelLibrary) { self.library = library }

  func run() throws(SparrowError) -> DeviceCheck.Finding {
    var wrong: [String] = []
    for width in Self.widths {
      let rows = Kind.allCases.count
      let buffer = try DeviceBuffer(4 * rows * width, in: library.context)
      let all = Kind.allCases.map { Self.logits($0, width) }
      try buffer.write(all.flatMap { $0 }, at: 0)
      let found = try GreatestLogits(
        of: DeviceRows(address: buffer.address, width: width), rows: rows, library)!
      try found.launch(rows: rows)
      try library.context.synchronize()
      for (row, kind) in Kind.allCases.enumerated() {
        let output = found.output(row, row: row)
        let expected = Self.greatest(of: all[row])
        if Array(output?.ids ?? .init(start: nil, count: 0)) != expected
          || (output.map { zip($0.ids!, $0.logits).contains { all[row][Int($0)] != $1 } } ?? false)
        {
          wrong.append("\(kind) of \(width)")
        }
      }
    }
    return DeviceCheck.Finding(
      isRight: wrong.isEmpty,
      text: wrong.isEmpty
        ? "the host's, ties and all" : "OTHERS than the host's: " + wrong.joined(separator: ", "))
  }

  /// Their ids, ascending; none where too few are numbers.
  private static func greatest(of logits: [Float]) -> [Int32] {
    let numbers = logits.filter { $0 > -.infinity }.sorted()
    guard numbers.count >= GreatestLogits.count else { return [] }
    let least = numbers[numbers.count - GreatestLogits.count]
    let above = logits.indices.filter { logits[$0] > least }
    let equal = logits.indices.filter { logits[$0] == least }
    return (above + equal.prefix(GreatestLogits.count - above.count)).sorted().map { Int32($0) }
  }

  private static func logits(_ kind: Kind, _ width: Int) -> [Float] {
    var random = SeededRandom(seed: 17)
    var logits = (0..<width).map { _ in 20 * random.uniform() - 10 }
    switch kind {
    case .random: break
    case .ties: logits = logits.map { ($0 * 8).rounded() / 8 }
    case .equal: logits = (0..<width).map { $0 % 2 == 0 ? 0 : -0.0 }
    // All of the best in few runs, and each run with one of them.
    case .crowd: for id in 0..<width where id % 64 == 63 || id < 128 { logits[id] = 11 }
    case .noNumbers: for id in 0..<width where id % 3 == 0 { logits[id] = .nan }
    case .fewNumbers:
      for id in 61..<width { logits[id] = id % 2 == 0 ? .nan : -.infinity }
    case .infinite: for id in stride(from: 5, to: width, by: width / 9) { logits[id] = .infinity }
    }
    return logits
  }
}
