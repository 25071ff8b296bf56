import SparrowCore
import SparrowFormats

/// What Hugging Face transformers computed for a fixture.
public struct Expected {
  public let tokens: [Int32]
  public let logits: [Float]
  public let greedy: [Int32]

  /// Reads it from the model's folder.
  public init(folder: String) throws {
    let file = try Checkpoint.open(folder + "/expected.safetensors")
    func load<T>(_ tensor: String, as type: T.Type) throws -> [T] {
      guard let entry = file[tensor] else {
        throw SparrowError(.malformed, file: file.path, field: tensor, found: "no such tensor")
      }
      let bytes = file.bytes(of: entry)
      return (0..<bytes.count / MemoryLayout<T>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: type)
      }
    }
    tokens = try load("input_ids", as: Int32.self)
    logits = try load("logits", as: Float.self)
    greedy = try load("greedy", as: Int32.self)
  }
}

extension Fixtures {
  /// What Hugging Face transformers computed for a model of `models`.
  public static func expected(_ name: String) throws -> Expected {
    try Expected(folder: path("models/" + name))
  }
}
