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
      for index in 0..<step.segmentCount {
        let segment = step.segments[index]
        let long = segment.turnsLong ? rotary.long?.frequencies : nil
        var offset = segment.firstRow * rotary.dimension / 2
        for row in 0..<segment.rows {
          let position = Float(segment.firstPosition + row)
          for frequency in long ?? rotary.frequencies {
            let angle = Double(position * frequency)
            rotation.cosine[offset] = Float(cosine(angle)) * rotary.magnitude
            rotation.sine[offset] = Float(sine(angle)) * rotary.magnitude
            offset += 1
          }
        }
      }
    }
  }
}
