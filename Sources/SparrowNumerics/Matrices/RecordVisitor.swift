package import SparrowBlocks
package import SparrowCore

/// Writes the parts of records, or reads them back.
package protocol RecordVisitor {
  func visit(
    _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
  ) throws(SparrowError)
}

extension RecordVisitor {
  /// The first `count` rows.
  package func visit(_ name: String, _ rows: FloatRows, first count: Int? = nil)
    throws(SparrowError)
  {
    let count = count ?? rows.rows
    let memory = UnsafeMutableRawBufferPointer(start: rows[0], count: count * rows.columns * 4)
    try visit(name, .f32, shape: [count, rows.columns], memory)
  }

  package func visit(_ name: String, _ matrix: SquareMatrix) throws(SparrowError) {
    let order = matrix.order
    let memory = UnsafeMutableRawBufferPointer(start: matrix[0], count: order * order * 8)
    try visit(name, .f64, shape: [order, order], memory)
  }

  package func visit(_ name: String, _ values: inout [Double]) throws(SparrowError) {
    try values.withUnsafeMutableBufferPointer { values throws(SparrowError) in
      try visit(name, .f64, shape: [values.count], UnsafeMutableRawBufferPointer(values))
    }
  }

  package func visit(_ name: String, _ values: inout [Float]) throws(SparrowError) {
    try values.withUnsafeMutableBufferPointer { values throws(SparrowError) in
      try visit(name, .f32, shape: [values.count], UnsafeMutableRawBufferPointer(values))
    }
  }

  package func visit(_ name: String, _ number: inout Int) throws(SparrowError) {
    try withUnsafeMutableBytes(of: &number) { bytes throws(SparrowError) in
      try visit(name, .i64, shape: [1], bytes)
    }
  }
}
