import ArgumentParser
import SparrowCore
import SparrowHub

/// Which adapter goes with a model, if any.
struct AdapterOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "Folder of an adapter, which makes the model sparse.",
    completion: .directory)
  var adapter: String?

  @Flag(help: "Use the adapter that sparrow calibrate has made for this model.")
  var sparse = false

  func validate() throws {
    guard adapter == nil || !sparse else {
      throw ValidationError("--adapter and --sparse: expected one of them")
    }
  }

  /// The adapter's folder; nil for a dense model. Throws when `--sparse` finds none.
  func folder(forModel path: String, name: String) throws(SparrowError) -> String? {
    sparse ? try Self.calibrated(forModel: path, name: name) : adapter
  }

  /// The adapter that `sparrow calibrate` has made for a model. Throws `.argument` when there is
  /// none yet.
  static func calibrated(forModel path: String, name: String) throws(SparrowError) -> String {
    guard let own = try ModelCache().adapter(forModel: path) else {
      throw SparrowError(
        .argument, file: name, field: "--sparse",
        found: "no adapter yet; run: sparrow calibrate head \(name) --text FILE")
    }
    return own
  }
}
