/// The rows of a tensor that are one matrix: equal runs at equal distances, one where nothing is
/// fused or where fused matrices follow each other whole.
public struct RowRuns: Sendable, Equatable {
  /// The tensor's row at which the first run begins.
  public let first: Int
  /// Rows of a run.
  public let length: Int
  /// Rows from the beginning of a run to that of the next.
  public let stride: Int
  public let runs: Int

  init(first: Int = 0, length: Int, stride: Int = 0, runs: Int = 1) {
    self.first = first
    self.length = length
    self.stride = stride
    self.runs = runs
  }

  public var count: Int { length * runs }

  /// The tensor's row that is the matrix's `row`.
  public subscript(row: Int) -> Int { first + row / length * stride + row % length }

  /// Cuts rows of the matrix where runs end; `body` gets each piece, and the tensor's row where it
  /// begins.
  public func forEachPiece(of rows: Range<Int>, _ body: (Range<Int>, _ start: Int) -> Void) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let end = min((row / length + 1) * length, rows.upperBound)
      body(row..<end, self[row])
      row = end
    }
  }
}
