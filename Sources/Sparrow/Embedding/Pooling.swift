internal import SparrowCore
internal import SparrowFormats

/// How an encoder's states become one vector, as sentence-transformers' modules say.
///
/// Source: Reimers and Gurevych 2019, section 3.
public struct Pooling: Sendable, Equatable {
  /// Which of a text's tokens count.
  public enum Kind: String, Sendable {
    /// The mean of all tokens' states.
    case mean
    /// The first token's state.
    case cls
  }

  /// Which tokens' states become the vector.
  public internal(set) var kind = Kind.mean
  /// The vector is divided by its length.
  public internal(set) var normalizes = false

  /// One vector of the states of a text's tokens, `[tokens][hidden]`; there is at least one.
  func vector(of states: [UnsafeBufferPointer<Float>]) -> [Float] {
    let pooled = kind == .cls ? states.prefix(1) : states[...]
    let sums = states[0].indices.map { index in
      pooled.reduce(0.0) { $0 + Double($1[index]) } / Double(pooled.count)
    }
    guard normalizes else { return sums.map { Float($0) } }
    let length = max(sums.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return sums.map { Float($0 / length) }
  }
}

extension Pooling {
  /// Reads `modules.json` and the pooling's own file; the mean where there are none.
  ///
  /// Throws `.unsupported` for another pooling or another module, `.malformed` for a broken file.
  init(_ checkpoint: Checkpoint) throws(SparrowError) {
    self.init()
    guard let json = try checkpoint.json(named: "modules.json") else { return }
    guard let modules = json.array else {
      throw SparrowError(
        .malformed, file: checkpoint.path + "/modules.json", found: "no list",
        expected: "a list of modules")
    }
    for module in modules {
      let type = module["type"]?.string ?? ""
      switch type.split(separator: ".").last {
      case "Transformer": break
      case "Normalize": normalizes = true
      case "Pooling":
        let folder = module["path"]?.string ?? "1_Pooling"
        let file = checkpoint.path + "/" + folder + "/config.json"
        let config: JSON?
        do throws(SparrowError) {
          config = try checkpoint.json(named: "config.json", in: folder)
        } catch {
          guard error.kind == .argument else { throw error }
          throw SparrowError(
            .malformed, file: checkpoint.path, field: "modules.json: path", found: error.found,
            expected: "a folder beside the weights")
        }
        guard let config else {
          throw SparrowError(
            .system, file: file, found: "no such file", expected: "the pooling of modules.json")
        }
        kind = try Self.kind(config, file: file)
      default:
        throw SparrowError(
          .unsupported, file: checkpoint.path, field: "modules.json", found: "'\(type)'",
          expected: "Transformer, Pooling or Normalize")
      }
    }
  }

  /// One mode by its name, or as older files have it a flag for each.
  private static func kind(_ config: JSON, file: String) throws(SparrowError) -> Kind {
    let before = "pooling_mode_"
    let flags = (config.members ?? []).filter { $0.key.hasPrefix(before) && $0.value.bool == true }
    var modes = flags.map { String($0.key.dropFirst(before.count)) }
    if let mode = config["pooling_mode"] { modes = [mode.string ?? mode.text()] }
    // The mean is what a file that says nothing of it wants.
    if modes.isEmpty, config[before + "mean_tokens"] == nil { return .mean }
    switch modes {
    case ["mean"], ["mean_tokens"]: return .mean
    case ["cls"], ["cls_token"]: return .cls
    default:
      throw SparrowError(
        .unsupported, file: file, field: "pooling_mode",
        found: modes.isEmpty ? "none" : modes.joined(separator: ", "), expected: "mean or cls")
    }
  }
}
