import SparrowCPU
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import Sparrow

/// A fixture, and a folder to write it to.
struct WrittenModel {
  let folder: TemporaryFolder
  let source: ModelDescription

  /// `name` below the fixtures: `models/llama3`, `gguf/qwen2.gguf`.
  init(_ name: String) throws {
    folder = try TemporaryFolder()
    source = try ModelDescription(Checkpoint.open(Fixtures.path(name)))
  }

  var path: String { folder.file("written") }

  func writer(_ activation: Activation? = nil) throws -> ModelWriter {
    var configuration = source.configuration
    if let activation {
      for index in configuration.layers.indices {
        configuration.layers[index].feedForward.activation = activation
      }
    }
    return try ModelWriter(source.binding, configuration: configuration)
  }

  /// What was written, read again.
  func written() throws -> ModelDescription { try ModelDescription(Checkpoint.open(path)) }
}

/// The largest difference of two models' values; infinite where they have other roles or sizes.
func distance(_ a: WeightBinding, _ b: WeightBinding) throws -> Float {
  guard a.roles == b.roles else { return .infinity }
  var worst: Float = 0
  for role in a.roles {
    let (x, y) = (try ModelWriter(a).sourceValues(role), try ModelWriter(b).sourceValues(role))
    guard x.count == y.count else { return .infinity }
    for (x, y) in zip(x, y) { worst = max(worst, abs(x - y)) }
  }
  return worst
}
