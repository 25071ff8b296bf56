package import Sparrow
package import SparrowCore
import SparrowTokenizers

/// Tokens of a text in windows of equal length; what is left over at the end is dropped.
///
/// Each window begins with the model's first token where it has one.
package struct TextWindows: RandomAccessCollection, Sendable {
  private let windows: [[Int32]]

  package var startIndex: Int { 0 }
  package var endIndex: Int { windows.count }
  package subscript(index: Int) -> [Int32] { windows[index] }

  /// More than a token takes in most texts.
  private static let bytesPerToken = 16
  private static let excerptBytes = 8192

  /// Windows of `context` tokens from the text's start on, at most `limit`. The model's first token
  /// takes the place of a window's own, as llama.cpp does.
  ///
  /// Throws `.argument` when the text is shorter than two windows, for windows that the model's
  /// context cannot hold, and for a limit below 1.
  package init(
    _ model: Model, text: String, context: Int, limit: Int?
  ) throws(SparrowError) {
    let longest = Swift.max(8, model.configuration.contextLength)
    try SparrowError.require(context, in: 8...longest, "context")
    if let limit { try SparrowError.require(limit, in: 1...Int.max, "windows") }
    let tokens = model.tokenizer.encode(text, addSpecial: true, parseSpecial: false)
    guard tokens.count >= 2 * context else {
      throw SparrowError(
        .argument, field: "text", found: "\(tokens.count) tokens",
        expected: "at least two windows of \(context)")
    }
    windows = Array(
      Self.cut(tokens, context, first: model.firstToken).prefix(limit ?? .max))
  }

  /// Windows of at most `length` tokens at even distances, `limit` tokens of the text together, or
  /// `minimum` windows. The model's first token stands before a window's own.
  ///
  /// Throws `.argument` for a text shorter than `minimum` windows and for windows of fewer than 2
  /// tokens.
  package init(
    _ model: Model, sampling text: String, tokens limit: Int, length: Int, minimum: Int
  ) throws(SparrowError) {
    try SparrowError.require(limit, in: 1...100_000_000, "tokens")
    try SparrowError.require(length, in: 2...65536, "window")
    let first = model.firstToken.map { [$0] } ?? []
    let own = Swift.min(length, model.configuration.contextLength) - first.count
    let excerpts = Self.excerpts(text, bytes: limit * Self.bytesPerToken)
    let tokens = model.tokenizer.encode(excerpts, addSpecial: false, parseSpecial: false)
    let available = Self.cut(tokens, own, first: nil)
    guard available.count >= minimum else {
      throw SparrowError(
        .argument, field: "text", found: "\(tokens.count) tokens",
        expected: "at least \(minimum * own), \(minimum) windows")
    }
    windows = Self.spread(available, Swift.max(minimum, limit / own)).map { first + $0 }
  }

  /// Pieces of `length` tokens of other windows at even distances, at most `limit` but one. The
  /// model's first token takes the place of a piece's own.
  package init(_ model: Model, pieces windows: [[Int32]], length: Int, limit: Int) {
    let pieces = windows.flatMap { Self.cut($0, length, first: model.firstToken) }
    self.windows = Self.spread(pieces, Swift.max(1, limit))
  }

  /// One after the other.
  private static func cut(_ tokens: [Int32], _ length: Int, first: Int32?) -> [[Int32]] {
    (0..<tokens.count / length).map { index in
      var window = Array(tokens[index * length..<(index + 1) * length])
      if let first { window[0] = first }
      return window
    }
  }

  /// At most `count` of them, at even distances.
  private static func spread(_ windows: [[Int32]], _ count: Int) -> [[Int32]] {
    let count = Swift.min(count, windows.count)
    return (0..<count).map { windows[windows.count * $0 / count] }
  }

  /// All of a short text; of a long one, pieces at even distances of `bytes` together.
  private static func excerpts(_ text: String, bytes: Int) -> String {
    let whole = Array(text.utf8)
    let count = Swift.max(1, bytes / excerptBytes)
    guard whole.count > Swift.max(bytes, 2 * count * excerptBytes) else { return text }
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

extension Model {
  /// What every text begins with, where the model was trained so.
  fileprivate var firstToken: Int32? { tokenizer.addsBOS ? tokenizer.bos : nil }
}
