import CSparrowKernels
import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowNumerics
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU
@testable import SparrowCalibration

@Suite struct DownSketchTests {
  private static func weights(_ file: NetworkModel, _ pool: WorkerPool) throws -> PackedWeights {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint.open(folder.write("model.gguf", file.bytes()))
    let model = try ModelConfiguration(gguf: checkpoint)
    return try PackedWeights(
      WeightBinding(checkpoint: checkpoint, configuration: model), pool: pool)
  }

  @Test(arguments: [SketchCoding.int4, .int5])
  func keepsTheNearestCodesOfDownAndKnowsWhatEachColumnLacks(_ coding: SketchCoding) throws {
    let pool = try WorkerPool(count: 2)
    let file = NetworkModel(type: .f16)
    let weights = try Self.weights(file, pool)
    let sketch = try #require(DownSketch(weights, layer: 0, coding: coding, pool: pool))
    let found = FloatRows(rows: file.hidden, columns: file.width)
    found.expand(0..<file.hidden, from: sketch.rows.bytes, coding.type!)
    let down = weights.matrix(WeightRole(.down, layer: 0))
    let blockBytes = sketch.rows.rowBytes / (file.width / 32)
    let codes = coding == .int5 ? -16...15 : -8...7
    var row = [Float](repeating: 0, count: file.width)
    var lacking = row
    for index in 0..<file.hidden {
      sk_unpack_row(down, Int32(index), &row)
      for neuron in row.indices {
        let place = index * sketch.rows.rowBytes + neuron / 32 * blockBytes
        let bits = UInt16(sketch.rows.bytes[place]) | UInt16(sketch.rows.bytes[place + 1]) << 8
        let scale = Float(Float16(bitPattern: bits))
        let nearest = codes.map { abs(row[neuron] - scale * Float($0)) }.min()!
        let error = abs(row[neuron] - found[index][neuron])
        #expect(error <= nearest * 1.0001)
        lacking[neuron] += error * error
      }
    }
    for (error, sum) in zip(sketch.errors, lacking) {
      #expect(abs(error - sum.squareRoot()) <= 1e-4 * sum.squareRoot())
      #expect(error > 0)
    }
  }

  @Test(arguments: [
    (ElementType.q4_0, SketchCoding.int5), (.q4_0, .int4), (.q5_0, .int5), (.q4_1, .int5),
  ])
  func thereIsNoneWhereDownIsAsSmall(_ type: ElementType, _ coding: SketchCoding) throws {
    let pool = try WorkerPool(count: 1)
    let weights = try Self.weights(NetworkModel(type: type), pool)
    let sketch = DownSketch(weights, layer: 0, coding: coding, pool: pool)
    #expect(sketch?.errors == nil)
  }

  @Test func thereIsNoneOfNeuronsThatDoNotFillBlocks() throws {
    let pool = try WorkerPool(count: 1)
    let weights = try Self.weights(NetworkModel(type: .f32, width: 144), pool)
    let sketch = DownSketch(weights, layer: 0, coding: .int5, pool: pool)
    #expect(sketch?.errors == nil)
  }
}
