internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowTokenizers

/// Runs a text through a model in windows and gives away the head's input of every position.
struct StateRecorder {
  private let model: Model
  private let windows: [[Int32]]
  /// Positions at the start of a window that are left out: what stands there has seen too little text.
  private static let skippedAtMost = 8
  /// Of this many windows in a row, the last is held out.
  private static let heldOutPeriod = 10
  /// More than a token takes in most texts.
  private static let bytesPerToken = 16
  private static let excerptBytes = 8192

  /// Cuts windows out of the text at even distances, each with the model's first token where it has one.
  ///
  /// Throws `.argument` for a text shorter than `minimum` windows and for windows of fewer than 2 tokens.
  init(
    _ model: Model, text: String, tokens limit: Int, window: Int, minimum: Int
  ) throws(SparrowError) {
    self.model = model
    try SparrowError.require(limit, in: 1...100_000_000, "tokens")
    try SparrowError.require(window, in: 2...65536, "window")
    let length = min(window, model.configuration.contextLength)
    let first = model.tokenizer.addsBOS ? model.tokenizer.bos : nil
    let own = length - (first == nil ? 0 : 1)
    let excerpts = Self.excerpts(text, bytes: limit * Self.bytesPerToken)
    let tokens = model.tokenizer.encode(excerpts, addSpecial: false, parseSpecial: false)
    let available = tokens.count / own
    guard available >= minimum else {
      throw SparrowError(
        .argument, field: "text", found: "\(tokens.count) tokens",
        expected: "at least \(minimum * own), \(minimum) windows")
    }
    let count = max(minimum, min(available, limit / own))
    windows = (0..<count).map { index in
      let start = available * index / count * own
      return (first.map { [$0] } ?? []) + tokens[start..<start + own]
    }
  }

  var count: Int { windows.count }
  var windowLength: Int { windows[0].count }
  /// Positions at the start of each window that are left out.
  var skipped: Int { windowLength - statesPerWindow }
  var statesPerWindow: Int { max(1, windows[0].count - Self.skippedAtMost) }

  /// Every tenth window, or the last of fewer.
  func isHeldOut(_ index: Int) -> Bool {
    let period = min(Self.heldOutPeriod, windows.count)
    return index % period == period - 1
  }

  var heldOutCount: Int { (0..<count).count { isHeldOut($0) } }

  /// The tokens of the windows that are held out.
  var heldOutWindows: [[Int32]] { windows.indices.filter(isHeldOut).map { windows[$0] } }

  /// The tokens of the other windows.
  var fittedWindows: [[Int32]] { windows.indices.filter { !isHeldOut($0) }.map { windows[$0] } }

  /// SHA-256 of all windows' tokens, hexadecimal: what text was cut, and how.
  var digest: String {
    var hash = SHA256()
    for window in windows {
      hash.update("\(window.count)\n")
      window.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }

  /// Records the windows in order, from the one numbered `first` on. `body` gets the window's index and its
  /// states, `[states, hidden]`, valid until it returns; what it throws ends the run.
  func run(
    hidden: Int, from first: Int = 0, body: (Int, FloatRows) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let states = FloatRows(rows: statesPerWindow, columns: hidden)
    let cache = try KeyValueCache(model.configuration, capacity: windows[0].count)
    for (index, window) in windows.enumerated().dropFirst(first) {
      model.exclusively {
        cache.clear()
        cache.expectedCount = window.count
        for start in stride(from: 0, to: window.count, by: model.engine.maximumRows) {
          let end = min(start + model.engine.maximumRows, window.count)
          window.withUnsafeBufferPointer {
            model.engine.step(UnsafeBufferPointer(rebasing: $0[start..<end]), cache: cache)
          }
          for position in max(start, skipped)..<max(end, skipped) {
            let state = model.engine.hidden(row: position - start)
            states[position - skipped].update(from: state.baseAddress!, count: hidden)
          }
        }
      }
      try body(index, states)
    }
  }

  /// All of a short text; of a long one, pieces at even distances of `bytes` together.
  private static func excerpts(_ text: String, bytes: Int) -> String {
    let whole = Array(text.utf8)
    let count = max(1, bytes / excerptBytes)
    guard whole.count > max(bytes, 2 * count * excerptBytes) else { return text }
    /// The first character's start from `index` on.
    func start(_ index: Int) -> Int {
      whole[index...].firstIndex { $0 & 0xC0 != 0x80 } ?? whole.count
    }
    var pieces: [UInt8] = []
    for index in 0..<count {
      let from = whole.count / count * index
      pieces += whole[start(from)..<start(from + excerptBytes)]
    }
    return String(decoding: pieces, as: UTF8.self)
  }
}
