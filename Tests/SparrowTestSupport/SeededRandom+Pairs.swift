public import SparrowCore

extension SeededRandom {
  /// Speeds of pairs on a machine that others use: each pair slow by some factor, now and then one
  /// side alone by a lot.
  public mutating func slowedPairs() -> (dense: [Double], sparse: [Double]) {
    let count = 1 + Int(next() % 12)
    let ratio = Double(uniform()) * 3 + 0.2
    var dense: [Double] = []
    var sparse: [Double] = []
    func outlier() -> Double {
      uniform() < 0.3 ? 0.02 + Double(uniform()) : 1
    }
    for _ in 0..<count {
      let load = 0.2 + Double(uniform())
      dense.append(100 * load * outlier())
      sparse.append(100 * ratio * load * outlier())
    }
    return (dense, sparse)
  }
}
