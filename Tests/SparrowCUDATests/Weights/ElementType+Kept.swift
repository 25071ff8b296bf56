import SparrowBlocks

extension ElementType {
  /// Whether the device has a file's weights: those of Q2_K rounded to halves, those of other
  /// blocks with steps by scales and minimums that are, all others exactly.
  func keeps(_ found: [Float], of file: [Float]) -> Bool {
    switch self {
    case .q2_K: found == file.map { Float(Float16($0)) }
    case .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs:
      stride(from: 0, to: file.count, by: 32).allSatisfy { start in
        let block = start..<start + 32
        let most = file[block].reduce(0) { max($0, abs($1)) }
        return block.allSatisfy { abs(found[$0] - file[$0]) <= most * 0x1p-9 }
      }
    default: found == file
    }
  }
}
