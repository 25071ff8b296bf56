import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// Lengths of head groups' parts behind the output matrix.
@Suite(.serialized) struct HeadGroupNormsTests {
  @Test(arguments: ["models/opt-350m", "models/llama3", "models/gemma2", "gguf/llama3.gguf"])
  func lengthsAreThoseBehindTheMatrix(name: String) throws {
    let engine = try engine(Fixtures.path(name), threads: 2)
    let attention = engine.model.layers[1].attention
    let norms = HeadGroupNorms(
      engine.weights, layer: 1, attention: attention, pool: engine.pool)
    #expect(norms.groups == attention.keyValueHeads)
    #expect(norms.groups * norms.width == attention.heads * attention.headDimension)
    let count = 5
    let columns = norms.groups * norms.width
    var random = SeededRandom(seed: 3)
    let attended = (0..<count * columns).map { _ in random.uniform() - 0.5 }
    var work = [Float](repeating: 0, count: count * norms.width)
    var lengths = [Float](repeating: 0, count: count * norms.groups)
    norms.lengths(of: attended, count: count, work: &work, into: &lengths)
    let matrix = engine.packed.matrix(WeightRole(.output, layer: 1))
    var squares = [Double](repeating: 0, count: count * norms.groups)
    var row = [Float](repeating: 0, count: columns)
    for index in 0..<matrix.pointee.rows {
      sk_unpack_row(matrix, index, &row)
      for part in squares.indices {
        let (token, group) = part.quotientAndRemainder(dividingBy: norms.groups)
        let sum = (group * norms.width..<(group + 1) * norms.width).reduce(0.0) {
          $0 + Double(row[$1]) * Double(attended[token * columns + $1])
        }
        squares[part] += sum * sum
      }
    }
    for (length, square) in zip(lengths, squares) {
      #expect(abs(Double(length) - square.squareRoot()) <= 1e-4 * square.squareRoot())
    }
  }
}
