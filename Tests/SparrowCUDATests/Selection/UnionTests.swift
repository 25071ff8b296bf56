import CSparrowCUDA
import SparrowCore
import SparrowSparsity
import SparrowTransformer
import Testing

@testable import SparrowCUDA

/// What the rows of a step choose together.
@Suite struct UnionTests {
  /// Rows' choices of 70 numbers.
  private static let rows: [[Int]] = [[0, 31, 69], [2, 31], [], [32, 64, 69]]

  private func union(_ rows: [[Int]], group: Int) throws -> (members: [Int32], starts: [Int32]) {
    let library = try KernelLibrary.test()
    let memory = DeviceMemory(in: library.context)
    let lists = try DeviceLists(width: 70, group: group, memory)
    let scores = rows.flatMap { row in (0..<70).map { row.contains($0) ? Float(1) : -1 } }
    try Selecting(
      .init(.threshold(0)), of: DeviceRows(address: memory.copy(scores), width: 70), into: lists,
      reads: nil, memory: memory, library
    ).launch(StepShape(rows: rows.count, positions: 1, type: .f16))
    for (row, expected) in rows.enumerated() {
      #expect(try lists.read(row, in: library.context).map(Int.init) == expected)
    }
    let words = (70 * group + 31) / 32
    let starts = try library.context.values(
      words + 1, at: lists.argument.starts, zero: Int32(0))
    let members = try library.context.values(
      Int(starts[words]), at: lists.argument.members, zero: Int32(0))
    return (members, starts)
  }

  @Test("a number that several rows chose is listed once, in order")
  func once() throws {
    let found = try union(Self.rows, group: 1)
    #expect(found.members == [0, 2, 31, 32, 64, 69] && found.starts == [0, 3, 4, 6])
    #expect(try union([[]], group: 1).members == [])
  }

  @Test("a chosen group stands for its columns")
  func groups() throws {
    let found = try union([[1], [1, 69]], group: 3)
    #expect(found.members == [3, 4, 5, 207, 208, 209])
    #expect(found.starts == [0, 3, 3, 3, 3, 3, 3, 6])
  }
}
