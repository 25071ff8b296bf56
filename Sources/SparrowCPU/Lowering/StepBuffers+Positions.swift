import SparrowCore
import SparrowTransformer

extension StepBuffers {
  /// Positions of all rows, and the rotations they turn by.
  func setPositions(_ step: StepState, _ rotaries: [RotaryDescription]) {
    for index in 0..<step.segmentCount {
      let segment = step.segments[index]
      for row in 0..<segment.rows {
        positions[segment.firstRow + row] = Int32(segment.firstPosition + row)
      }
    }
    for (rotary, rotation) in zip(rotaries, rotations) {
      var offset = 0
      for row in 0..<step.rows {
        let position = Float(positions[row])
        for frequency in rotary.frequencies {
          let angle = Double(position * frequency)
          rotation.cosine[offset] = Float(cosine(angle)) * rotary.magnitude
          rotation.sine[offset] = Float(sine(angle)) * rotary.magnitude
          offset += 1
        }
      }
    }
  }
}
