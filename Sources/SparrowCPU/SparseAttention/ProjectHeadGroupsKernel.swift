internal import CSparrowKernels
import SparrowCore

/// Queries of the selected head groups, and keys and values: all of them in grouped attention,
/// where they are small; in multi-head attention those of the heads that make theirs now, for all
/// positions they lack.
struct ProjectHeadGroupsKernel: BitwiseCopyable {
  let layer: Int
  let query: Product
  let key: Product
  let value: Product
  let input: StepInput
  let attention: AttentionShape
  let selection: HeadGroupSelection
  /// nil in grouped attention.
  let missing: MissingKeys?

  /// Rows of a matrix that belong together, over `tokens` inputs.
  private struct Piece {
    var product: Product
    var rows: Range<Int>
    /// Of the step; the first of all where the piece is for the whole batch.
    var row: Int
    var tokens: Int
    var kind: Kind

    enum Kind { case query, all, keys(Range<Int>), values(Range<Int>) }
    /// Rows that are cut apart nowhere: a tile of the kernels.
    static let unit = 4
    var units: Int { (rows.count + Self.unit - 1) / Self.unit }
    /// Reading a row costs about as much as multiplying it with eight inputs.
    var cost: Int { 8 + tokens }
  }

  func run(_ worker: Worker, _ step: StepState) {
    let isQuantized = query.wantsQuantized || key.wantsQuantized || value.wantsQuantized
    let x = input.rows(worker, step, quantized: isQuantized)
    var total = 0
    forEachPiece(step) { total += $0.units * $0.cost }
    var part = CostShare(worker, of: total)
    forEachPiece(step) { piece in
      let units = part.take(piece.units, cost: piece.cost)
      guard !units.isEmpty else { return }
      let start = piece.rows.lowerBound + units.lowerBound * Piece.unit
      let end = min(piece.rows.lowerBound + units.upperBound * Piece.unit, piece.rows.upperBound)
      multiply(piece, start..<end, x, step)
    }
  }

  /// Head by head, so that weights which several rows want are read once from memory.
  private func forEachPiece(_ step: StepState, _ body: (Piece) -> Void) {
    if missing == nil {
      for product in [key, value] {
        body(
          Piece(product: product, rows: 0..<product.rows, row: 0, tokens: step.rows, kind: .all))
      }
    }
    let dimension = attention.headDimension
    let width = attention.groupWidth
    for group in 0..<selection.count {
      let queries = group * width..<(group + 1) * width
      for row in 0..<step.rows where selection.isSelected(group, row: row) {
        body(Piece(product: query, rows: queries, row: row, tokens: 1, kind: .query))
      }
      guard let missing else { continue }
      let own = group * dimension..<(group + 1) * dimension
      for row in 0..<step.rows {
        let positions = selection.positions(group, row: row, step.segments[row])
        guard !positions.isEmpty else { continue }
        let count = positions.count
        body(
          Piece(
            product: missing.key, rows: own, row: row, tokens: count, kind: .keys(positions)))
        body(
          Piece(
            product: missing.value, rows: own, row: row, tokens: count, kind: .values(positions)))
      }
    }
  }

  private func multiply(_ piece: Piece, _ rows: Range<Int>, _ x: InputRows, _ step: StepState) {
    let row = piece.row
    switch piece.kind {
    case .all: piece.product.run(rows, x, tokens: step.rows)
    case .query:
      query.multiply(
        rows, x.source(row, for: query.matrix), stride: 0, tokens: 1,
        into: query.output.row(row), stride: 0)
    case .keys(let positions):
      missing!.multiply(
        key, rows, positions, step.segments[row], into: missing!.work.keys(row))
    case .values(let positions):
      missing!.multiply(
        value, rows, positions, step.segments[row], into: missing!.work.values(row))
    }
  }
}
