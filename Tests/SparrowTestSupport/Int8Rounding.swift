/// The int8 rounding of inputs that kernels promise for block formats: blocks of 32, scale max /
/// 127.
public func int8Rounded(_ x: [Float]) -> [Double] {
  var result: [Double] = []
  for start in Swift.stride(from: 0, to: x.count, by: 32) {
    let block = x[start..<min(start + 32, x.count)]
    let most = block.reduce(0) { max($0, abs($1)) }
    let inverse: Float = most > 0 ? 127 / most : 0
    result += block.map {
      Double(min(127, max(-127, ($0 * inverse).rounded(.toNearestOrEven))))
        * Double(most * (1 / 127))
    }
  }
  return result
}
