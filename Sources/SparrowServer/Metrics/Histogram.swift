/// How often values fell below some bounds, as Prometheus counts them.
struct Histogram: Sendable {
  private let bounds: [Double]
  private var counts: [Int]
  private var count = 0
  private var sum = 0.0

  init(_ bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  /// Notes a value, `weight` times.
  mutating func add(_ value: Double, weight: Int = 1) {
    for (index, bound) in bounds.enumerated() where value <= bound { counts[index] += weight }
    count += weight
    sum += value * Double(weight)
  }

  func write(_ name: String, into text: inout PrometheusText) {
    for (bound, count) in zip(bounds, counts) {
      text.sample(name + "_bucket", [("le", "\(bound)")], Double(count))
    }
    text.sample(name + "_bucket", [("le", "+Inf")], Double(count))
    text.sample(name + "_sum", [], sum)
    text.sample(name + "_count", [], Double(count))
  }
}
