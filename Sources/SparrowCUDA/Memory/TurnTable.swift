import SparrowTransformer

/// What heads are turned by at each position, of each rotary its cosines, then its sines; kept for
/// the first positions, which every text has.
final class TurnTable {
  private let rotaries: [RotaryDescription]
  /// Elements of a position.
  let stride: Int
  /// Positions that are kept, those of long texts behind the others.
  private var values: [Float]
  private var isKnown: [Bool]
  private static let positions = 4096

  init(_ rotaries: [RotaryDescription]) {
    self.rotaries = rotaries
    stride = rotaries.reduce(0) { $0 + $1.dimension / 2 * 2 }
    let kept = 2 * Self.positions
    values = [Float](repeating: 0, count: kept * stride)
    isKnown = [Bool](repeating: false, count: kept)
  }

  /// Writes a position's turns, `[stride]`.
  func write(_ position: Int, isLong: Bool, to target: UnsafeMutablePointer<Float>) {
    guard stride > 0, position < Self.positions else { return make(position, isLong, target) }
    let place = isLong ? position + Self.positions : position
    values.withUnsafeMutableBufferPointer { values in
      let own = values.baseAddress! + place * stride
      if !isKnown[place] { make(position, isLong, own) }
      target.update(from: own, count: stride)
    }
    isKnown[place] = true
  }

  private func make(_ position: Int, _ isLong: Bool, _ target: UnsafeMutablePointer<Float>) {
    var turn = target
    for rotary in rotaries {
      let half = rotary.dimension / 2
      for (index, frequency) in rotary.frequencies(isLong: isLong).enumerated() {
        (turn[index], turn[half + index]) = rotary.turn(frequency, at: position)
      }
      turn += 2 * half
    }
  }
}
