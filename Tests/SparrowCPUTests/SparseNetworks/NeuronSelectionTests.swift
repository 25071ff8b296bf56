import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// From scores to neurons, and from a network's input to scores.
@Suite(.serialized) struct NeuronSelectionTests {
  static let kinds: [RandomPredictor] = [.product, .lowRank, .router, .gate, .exact]

  /// Neurons in another order, the same in every run.
  static func order(_ width: Int) -> [Int32] {
    (0..<width).map { Int32(($0 * 37 + 11) % width) }
  }

  @Test(arguments: kinds, [1, 8, 32])
  func groupsFollowTheOrderAndTheCommonPathIsAlwaysTouched(
    _ kind: RandomPredictor, _ group: Int
  ) throws {
    let (hidden, width) = (96, 160)
    let groups = width / group
    let order = Self.order(width)
    let plan = FeedForwardPlan(
      predictor: kind.make(hidden: hidden, width: width, group: group, isGated: true),
      selector: .topK(groups / 3), groupSize: group, order: order, common: [1, Int32(groups - 1)])
    let network = try SparseNetwork(
      NetworkModel(type: .f32), threads: group == 8 ? 2 : 1, [0: plan])
    for tokens: [Int32] in [[3], [3, 5, 7]] {
      let found = network.step(tokens)
      for (row, token) in tokens.enumerated() {
        var scores = network.scores(row: row, count: kind.isLinear ? groups : width)
        if !kind.isLinear {
          let permuted = order.map { scores[Int($0)] }
          scores = groupScores(permuted, groupSize: group)
        }
        for group in plan.common { scores[Int(group)] = .nan }
        let chosen = Set(plan.selector.select(scores).indices + plan.common)
        let neurons = chosen.flatMap { chosen in
          (0..<group).map { order[Int(chosen) * group + $0] }
        }.sorted()
        #expect(network.selected(row: row) == neurons)
        #expect(relativeError(found[row], network.reference(token, [neurons])) < 1e-5)
      }
    }
  }

  @Test(arguments: [RandomPredictor.lowRank, .router], [ElementType.f16, .q8_0, .q4_0])
  func linearScoresAreTheMapsOfTheInput(_ kind: RandomPredictor, _ coding: ElementType) throws {
    let predictor = kind.make(hidden: 96, width: 160, group: 8, isGated: true, coding: coding)
    let plan = FeedForwardPlan(predictor: predictor, selector: .threshold(0.5), groupSize: 8)
    let network = try SparseNetwork(
      NetworkModel(type: .q8_0), threads: kind == .router ? 2 : 1, [0: plan])
    for tokens: [Int32] in [[9], [9, 1]] {
      network.step(tokens)
      for (row, token) in tokens.enumerated() {
        let x = network.networkInput(0, network.embedding(token).map(Double.init))
        let expected = predictor.linearScores(x)
        let scores = network.scores(row: row, count: 20)
        // The maps of blocks round a middle that the kernels computed in float32.
        #expect(relativeError(scores, expected) < (coding == .f16 ? 1e-5 : 0.02))
        let cut: Float = kind == .router ? 0 : 0.5
        #expect(
          network.selected(row: row)
            == scores.indices.filter { scores[$0] >= cut }.flatMap { group in
              (0..<8).map { Int32(8 * group + $0) }
            })
      }
    }
  }

  @Test(arguments: [true, false], ["relu", "silu"])
  func sketchScoresAreSizesOfApproximateActivations(isGated: Bool, activation: String) throws {
    let predictor = RandomPredictor.lowRankSketch.make(
      hidden: 96, width: 160, group: 1, isGated: isGated)
    let plan = FeedForwardPlan(predictor: predictor, selector: .topK(40))
    let file = NetworkModel(type: .f32, isGated: isGated, activation: activation)
    let network = try SparseNetwork(file, threads: isGated ? 2 : 1, [0: plan])
    guard case .sketch(let sketch) = predictor else { return }
    for tokens: [Int32] in [[4], [6, 4, 2]] {
      network.step(tokens)
      for (row, token) in tokens.enumerated() {
        let x = network.networkInput(0, network.embedding(token).map(Double.init))
        let products = sketch.products(x)
        let expected = (0..<160).map { neuron in
          let first = products[neuron]
          let active = activation == "relu" ? max(0, first) : first / (1 + exponential(-first))
          return abs(active * (isGated ? products[192 + neuron] : 1))
        }
        #expect(relativeError(network.scores(row: row, count: 160), expected) < 1e-4)
      }
    }
  }
}

extension RandomPredictor {
  /// Scores are of groups, not of neurons.
  var isLinear: Bool { self == .lowRank || self == .router }
}

extension FeedForwardPlan.Predictor {
  /// Of a `lowRank` or `router`.
  fileprivate func linearScores(_ x: [Float]) -> [Double] {
    switch self {
    case .lowRank(let maps), .router(let maps):
      let middle = maps.a.map { $0.product(x).map { Float($0) } } ?? x
      return zip(maps.b.product(middle), maps.bias).map { $0 + Double($1) }
    default: return []
    }
  }
}

extension PredictorMatrix {
  fileprivate func product(_ x: [Float]) -> [Double] {
    multiply(type, rows: rows, columns: columns, bytes, x)
  }
}

extension RowSketch {
  /// What its rows approximate, of a low-rank sketch in float16.
  fileprivate func products(_ h: [Float]) -> [Double] {
    let centered = zip(h, mean).map { $0 - $1 }
    let x = multiply(.q8_0, rows: basisRows, columns: hidden, basis, centered).map { Float($0) }
    let constant = zip(h, meanRow).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let directions = rows?.directions ?? 0
    return zip(
      multiply(
        .f16, rows: rowCount, columns: directions, rows?.bytes ?? [], Array(x[..<directions])),
      bias
    ).map { $0 + Double(Float16(bitPattern: $1)) + constant }
  }
}

/// A matrix's product in double precision, of the input as its kernels round it.
private func multiply(
  _ type: ElementType, rows: Int, columns: Int, _ bytes: [UInt8], _ x: [Float]
) -> [Double] {
  let memory = OwnedMemory()
  let matrix = memory.matrix(type, rows: rows, columns: columns, bytes: bytes)
  let input = sk_wants_quantized(matrix) != 0 ? int8Rounded(x) : x.map(Double.init)
  return (0..<rows).map { row in
    var weights = [Float](repeating: 0, count: columns)
    sk_unpack_row(matrix, Int32(row), &weights)
    return zip(weights, input).reduce(0) { $0 + Double($1.0) * $1.1 }
  }
}
