import SparrowCore
import SparrowNumerics
import Testing

@testable import SparrowCalibration

@Suite struct NeuronOrderTests {
  /// Neuron n fires in the samples that leave n mod 4, each neuron with its own strength and sign.
  @Test func neuronsThatFireTogetherLieTogether() throws {
    let activations = FloatRows(rows: 40, columns: 32)
    for sample in 0..<40 {
      for neuron in 0..<32 where sample % 4 == neuron % 4 {
        activations[sample][neuron] = Float(neuron + 1) * (neuron % 3 == 0 ? -1 : 1)
      }
    }
    let order = NeuronOrder.clustered(
      NeuronOrder.features(activations: activations, samples: 40), groupSize: 8, seed: 1,
      pool: try WorkerPool(count: 2))
    #expect(order == (0..<4).flatMap { first in (0..<8).map { Int32(first + 4 * $0) } })
  }

  @Test func silentNeuronsAreOrderedToo() throws {
    let order = NeuronOrder.clustered(
      NeuronOrder.features(activations: FloatRows(rows: 10, columns: 16), samples: 10),
      groupSize: 8, seed: 1, pool: try WorkerPool(count: 1))
    #expect(order.sorted() == (0..<16).map(Int32.init))
  }
}
