/// How often sizes |x| of inputs fell into each bin: what thresholds of a density come from.
///
/// A bin is the numbers with the same upper 16 bits, so that its ends are less than 1 % apart;
/// between them sizes are taken to lie evenly. 128 kB.
struct SizeHistogram {
  /// By the upper 16 bits of |x|.
  private var counts = [Int32](repeating: 0, count: 1 << 15)
  private(set) var total = 0

  /// Values that are not numbers are always large.
  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for value in values { counts[Int(value.magnitude.bitPattern >> 16)] += 1 }
    total += values.count
  }

  /// The size below which this part of all sizes lies, 0...1; 0 of none.
  func size(below part: Double) -> Float {
    var left = part * Double(total)
    for (bin, count) in counts.enumerated() where count > 0 {
      if left <= Double(count) {
        return Self.start(of: bin)
          + Float(left / Double(count)) * (Self.start(of: bin + 1) - Self.start(of: bin))
      }
      left -= Double(count)
    }
    return 0
  }

  /// Part of the sizes above one, 0...1.
  func part(above size: Float) -> Double {
    let bin = Int(size.magnitude.bitPattern >> 16)
    let start = Self.start(of: bin)
    let below = Double((size - start) / (Self.start(of: bin + 1) - start)) * Double(counts[bin])
    let above = counts[bin...].reduce(0) { $0 + Double($1) } - below
    return above / Double(max(total, 1))
  }

  /// Of the last finite bin the end is infinite, and counts as its start.
  private static func start(of bin: Int) -> Float {
    Float(bitPattern: UInt32(min(bin, 0x7F7F)) << 16)
  }
}
