import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

/// A Hugging Face fixture's weights in float32, to be changed by hand.
struct FloatModel {
  private let config: [UInt8]
  private var tensors: [String: (shape: [Int], values: [Float])] = [:]

  init(_ folder: String) throws {
    config = try contents(of: folder + "/config.json")
    let checkpoint = try Checkpoint.open(folder)
    // GPT-2's masks are no weights.
    for entry in checkpoint.tensors where entry.type != .u8 {
      tensors[entry.name] = (entry.shape, try checkpoint.floats(entry))
    }
  }

  /// Writes a folder that loads, its numbers in float64 if `isWide`, and returns its path.
  func write(to folder: TemporaryFolder, _ name: String, isWide: Bool = false) throws -> String {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors {
      if isWide {
        let bytes = tensor.values.map(Double.init).withUnsafeBytes { Array($0) }
        try writer.add(name: name, type: .f64, shape: tensor.shape, bytes: bytes)
      } else {
        try writer.add(name: name, shape: tensor.shape, floats: tensor.values)
      }
    }
    let path = folder.file(name)
    try Files.makeFolder(path)
    try writer.write(to: path + "/model.safetensors")
    try folder.write(name + "/config.json", config)
    return path
  }

  /// Makes the last element of a tensor no number.
  mutating func damage(_ name: String) throws {
    let count = try #require(tensors[name]).values.count
    tensors[name]!.values[count - 1] = .nan
  }

  mutating func add(_ sum: [[Double]], to source: WeightSource) {
    for (row, values) in sum.enumerated() {
      for (column, value) in values.enumerated() {
        let output = source.rows[row]
        let place =
          source.transposed
          ? column * source.entry.shape[1] + output : output * source.columns + column
        tensors[source.entry.name]!.values[place] += Float(value)
      }
    }
  }

  mutating func replace(_ values: [Float], in source: WeightSource) {
    for (index, value) in values.enumerated() {
      tensors[source.entry.name]!.values[source.rows[index]] = value
    }
  }
}
