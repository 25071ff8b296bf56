internal import SparrowCore

/// The best choices of one option for each layer, from the most faithful to the cheapest.
///
/// At a price each layer takes what is least of `divergence + price · cost`; the choices of all
/// prices are those on the convex hull of what layers can do together (Everett 1963,
/// doi:10.1287/opre.11.3.399). A layer changes its mind only at prices where two of its options are
/// worth the same, so that one price between each two of those finds every choice, whatever the
/// scale of costs.
struct PlanFrontier {
  /// One thing that a layer may do.
  struct Option: Equatable {
    /// nil for dense.
    var density: Float?
    /// From the dense model, in nats a token.
    var divergence: Double
    var milliseconds: Double

    /// Part of the layer that is touched.
    var touched: Double { Double(density ?? 1) }
  }

  /// Rising in cost's price; the first is the most faithful one.
  let choices: [[Option]]

  /// `options` are each layer's, of which the first wins a tie.
  init(_ options: [[Option]], cost: (Option) -> Double) {
    var prices: [Double] = [0]
    for own in options {
      for cheap in own {
        for dear in own where cost(cheap) < cost(dear) && cheap.divergence > dear.divergence {
          prices.append((cheap.divergence - dear.divergence) / (cost(dear) - cost(cheap)))
        }
      }
    }
    prices.sort()
    prices.append(prices[prices.count - 1] * 2 + 1)
    var choices: [[Option]] = []
    for price in [0] + zip(prices, prices.dropFirst()).map({ ($0 + $1) / 2 }) {
      func worth(_ option: Option) -> Double { option.divergence + price * cost(option) }
      let choice = options.map { own in own.min { worth($0) < worth($1) }! }
      if choice != choices.last { choices.append(choice) }
    }
    self.choices = choices
  }

  /// The most faithful choice of at most this mean density.
  ///
  /// Throws `.argument` where even the sparsest is denser.
  func choice(touching density: Float) throws(SparrowError) -> [Option] {
    func mean(_ choice: [Option]) -> Double {
      choice.reduce(0) { $0 + $1.touched } / Double(max(choice.count, 1))
    }
    // Densities are float32 numbers.
    let limit = Double(density) + 1e-6
    if let choice = choices.first(where: { mean($0) <= limit }) { return choice }
    let least = mean(choices[choices.count - 1])
    throw SparrowError(
      .argument, field: "target", found: "density=\(density)",
      expected: "at least \(Quantity.fixed(least + 5e-4, 3)), the least that these layers reach")
  }

  /// The cheapest choice for which `holds` is true, which it must be for the first one and for all
  /// up to it.
  ///
  /// `holds` is asked of about log2 of the choices, with the part of the search that each question
  /// is.
  func lastChoice(
    where holds: ([Option], _ done: Range<Double>) throws(SparrowError) -> Bool
  ) throws(SparrowError) -> [Option] {
    var low = 0
    var high = choices.count
    var asked = 0.0
    let questions = Double(Int.bitWidth - (choices.count - 1).leadingZeroBitCount)
    while high - low > 1 {
      let middle = (low + high) / 2
      let part = asked / questions..<(asked + 1) / questions
      if try holds(choices[middle], part) { low = middle } else { high = middle }
      asked += 1
    }
    return choices[low]
  }
}
