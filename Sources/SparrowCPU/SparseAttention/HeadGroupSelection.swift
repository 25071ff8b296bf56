import SparrowCore
import SparrowSparsity

/// What predicting, selecting and touching the head groups of one layer pass on to each other.
struct HeadGroupSelection: BitwiseCopyable {
  /// Scores and selected numbers of head groups, as of neurons; as columns count the heads whose
  /// keys and values were made.
  let groups: NeuronScores
  /// `[rows][groups]`: the place of a selected group among its row's, from 1 on; 0 for the others.
  private let marks: UnsafeMutablePointer<Int32>
  /// `[rows][groups]`: the first position whose keys and values the step makes for a head.
  private let firsts: UnsafeMutablePointer<Int32>

  init(groups: Int, workers: Int, memory: OwnedMemory) {
    self.groups = NeuronScores(width: groups, workers: workers, memory: memory)
    let rows = StepState.maximumSparseRows
    marks = memory.integers(rows * groups)
    firsts = memory.integers(rows * groups)
  }

  var count: Int { groups.width }

  func isSelected(_ group: Int, row: Int) -> Bool { marks[row * count + group] != 0 }

  /// The place of a group among those that a row selected; nil where it is not one of them.
  func place(of group: Int, row: Int) -> Int? {
    isSelected(group, row: row) ? Int(marks[row * count + group]) - 1 : nil
  }

  /// The positions whose keys and values a step makes for a head, up to its own; for multi-head
  /// layers.
  func positions(_ head: Int, row: Int, _ segment: StepSegment) -> Range<Int> {
    Int(firsts[row * count + head])..<segment.firstPosition + 1
  }

  /// Marks what is selected for `row`.
  func mark(row: Int) {
    let marks = marks + row * count
    marks.update(repeating: 0, count: count)
    let selected = groups.lists.indices(of: row)
    for index in 0..<groups.lists.counts[row] { marks[Int(selected[Int(index)])] = index + 1 }
  }

  /// Decides which heads make keys and values now: those selected, and those whose turn it is to
  /// catch up.
  func markPositions(
    row: Int, _ segment: StepSegment, _ inputs: DeferredLayer, _ worker: Worker
  ) {
    let counts = inputs.counts(segment)
    let position = segment.firstPosition
    var made = 0
    for head in 0..<count {
      let makes = CatchUp.makesKeys(
        head, at: position, isSelected: isSelected(head, row: row))
      firsts[row * count + head] = makes ? counts[head] : Int32(position + 1)
      made += makes ? 1 : 0
    }
    groups.reads.addColumns(worker.index, made)
  }

  /// Parts of the groups that a token selected, and for which it made keys and values, on average;
  /// all before the first.
  var density: (selected: Double, made: Double) {
    guard let mean = groups.reads.mean else { return (1, 1) }
    return (mean.neurons / Double(count), mean.columns / Double(count))
  }
}
