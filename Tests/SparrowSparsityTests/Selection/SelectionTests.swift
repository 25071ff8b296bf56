import SparrowCore
import SparrowSparsity
import Testing

@Suite struct SelectionTests {
  @Test func aSelectionKnowsItsDensityAndItsNeurons() throws {
    let selection = try Selection([0, 2], groups: 8, groupSize: 8)
    #expect(selection.count == 2)
    #expect(selection.density == 0.25)
    #expect(selection.neurons == Array(0..<8) + Array(16..<24))
    #expect(try Selection([], groups: 0).density == 0)
  }

  @Test(arguments: [[1, 1], [2, 1], [-1], [8], [0, 8]] as [[Int32]])
  func indicesThatDoNotAscendWithinTheGroupsAreRefused(_ indices: [Int32]) {
    #expect(throws: SparrowError.self) { try Selection(indices, groups: 8) }
  }

  @Test(arguments: [-8, 0, 2, 64])
  func groupsThatNoKernelTakesAreRefused(_ size: Int) {
    #expect(throws: SparrowError.self) { try Selection([0], groups: 8, groupSize: size) }
  }

  @Test(arguments: 0..<20)
  func setsEqualThoseOfTheStandardLibrary(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    func sample() throws -> Selection {
      let share = random.uniform()
      return try Selection((0..<90).filter { _ in random.uniform() < share }, groups: 90)
    }
    let samples = [try sample(), try sample()]
    let sets = samples.map { Set($0.indices) }
    let common = sets[0].intersection(sets[1]).count
    #expect(samples[0].intersectionCount(with: samples[1]) == common)
    if !sets[1].isEmpty {
      #expect(samples[0].recall(of: samples[1]) == Double(common) / Double(sets[1].count))
    }
  }

  @Test func recallIsOfTheOtherSelection() throws {
    let wide = try Selection([0, 1, 2, 3], groups: 8)
    let narrow = try Selection([1, 5], groups: 8)
    #expect(wide.recall(of: narrow) == 0.5)
    #expect(narrow.recall(of: wide) == 0.25)
    #expect(narrow.recall(of: try Selection([], groups: 8)) == 1)
  }
}
