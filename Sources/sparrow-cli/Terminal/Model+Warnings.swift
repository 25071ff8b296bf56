import Sparrow
import SparrowCore

extension Model {
  /// Loads a model and tells its warnings on standard error.
  static func loadAndWarn(
    _ path: String, options: LoadOptions = LoadOptions()
  ) throws(SparrowError) -> Model {
    let model = try loadAndShow(path, options)
    model.warnings.forEach(Terminal.warn)
    return model
  }

  /// Loads a model, and shows how far that is once it has taken two seconds.
  private static func loadAndShow(
    _ path: String, _ options: LoadOptions
  ) throws(SparrowError) -> Model {
    let bar = ProgressBar()
    defer { bar.clear() }
    return try load(path, options: options, progress: bar.progress("loading", after: 2))
  }
}
