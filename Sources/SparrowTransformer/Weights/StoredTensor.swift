package import SparrowCore

/// A tensor to be written: its name and shape in the file, and the weights that make it up.
package struct StoredTensor: Sendable {
  package let name: String
  /// As it lies in the file.
  package let shape: [Int]
  /// Whose rows stand in it: one, or those that are fused, as GPT-2's queries, keys and values.
  package let roles: [WeightRole]
  /// Equal runs into which their rows are cut, all first runs before all second ones.
  let turns: Int
  /// Holds `[columns, rows]`.
  let transposed: Bool
  /// Elements of the heads whose rows go from neighbouring pairs to halves; nil where they stay.
  var pairedHead: Int?
  /// Added to each element.
  var offset: Float = 0

  package var isMatrix: Bool { shape.count == 2 && !roles[0].kind.isNormWeight }
  package var elementCount: Int { shape.reduce(1, *) }

  /// The elements in file order, from the values of the roles, each row-major in the order in which
  /// the source keeps its rows.
  ///
  /// Throws what `values` throws, and `.mismatch` for another count of values.
  package func elements(
    _ values: (WeightRole) throws(SparrowError) -> [Float]
  ) throws(SparrowError) -> [Float] {
    var members: [[Float]] = []
    for role in roles { members.append(try values(role)) }
    var all = members.count == 1 ? members[0] : fused(members)
    guard all.count == elementCount else {
      throw SparrowError(
        .mismatch, field: name, found: "\(all.count) values of \(roles[0])",
        expected: "\(elementCount) for shape \(shape)")
    }
    if let pairedHead { all = halved(all, head: pairedHead) }
    if offset != 0 { for index in all.indices { all[index] += offset } }
    return transposed ? transpose(all) : all
  }

  private func fused(_ members: [[Float]]) -> [Float] {
    var all: [Float] = []
    all.reserveCapacity(elementCount)
    for turn in 0..<turns {
      for member in members {
        all += member[turn * member.count / turns..<(turn + 1) * member.count / turns]
      }
    }
    return all
  }

  /// Puts row 2i of each head at i and row 2i+1 at i + head/2, as transformers turns them.
  private func halved(_ values: [Float], head: Int) -> [Float] {
    let columns = isMatrix ? shape[1] : 1
    var out: [Float] = []
    out.reserveCapacity(values.count)
    for start in stride(from: 0, to: shape[0], by: head) {
      for parity in 0...1 {
        for row in stride(from: start + parity, to: start + head, by: 2) {
          out += values[row * columns..<(row + 1) * columns]
        }
      }
    }
    return out
  }

  private func transpose(_ values: [Float]) -> [Float] {
    let (columns, rows) = (shape[0], shape[1])
    return [Float](unsafeUninitializedCapacity: values.count) { out, count in
      for column in 0..<columns {
        for row in 0..<rows { out[column * rows + row] = values[row * columns + column] }
      }
      count = values.count
    }
  }
}
