import Sparrow
import SparrowCore

extension Model {
  /// Loads a model and tells its warnings on standard error.
  static func loadAndWarn(
    _ path: String, options: LoadOptions = LoadOptions()
  ) throws(SparrowError) -> Model {
    let model = try load(path, options: options)
    model.warnings.forEach(Terminal.warn)
    return model
  }
}
