internal import SparrowCore

/// A regular expression over text, of the kind that tokenizers cut by: Oniguruma's syntax without
/// captures, back references and look-behinds of unknown width.
///
/// Own code, since Swift's `Regex` runs at 2 MB/s here and costs the package a third of its size.
/// Matches backtrack, first alternative first; a match that takes too many steps counts as none, so
/// that no expression of a file can hang a program.
struct TextExpression: Sendable, Equatable {
  let source: String
  /// Run from the first on.
  let program: [Instruction]
  let sets: [ScalarSet]
  /// Bit n of a set says whether ASCII character n is in it.
  let ascii: [(low: UInt64, high: UInt64)]

  enum Instruction: Sendable {
    /// One character of a set.
    case one(Int)
    /// As many of a set as there are, up to a count; fewer where what follows needs it.
    case many(Int, least: Int, most: Int)
    /// The same, as few as will do.
    case few(Int, least: Int, most: Int)
    /// The same, as many as there are whatever follows.
    case all(Int, least: Int, most: Int)
    /// Goes on at the first place, and where that fails at the second.
    case fork(Int, Int)
    case jump(Int)
    /// What follows, up to `end`, must match here, or must not; or must match what lies `width`
    /// characters before.
    case look(end: Int, isNegative: Bool, back: Int?)
    /// What follows, up to `end`, matches in its first way alone.
    case atomic(end: Int)
    case start, end, lineStart, lineEnd
    case boundary(isNegative: Bool)
    case match
  }

  /// Throws `.unsupported` for what Sparrow does not know, and `.malformed` for what is no
  /// expression.
  init(_ source: String, file: String) throws(SparrowError) {
    var compiler = ExpressionCompiler()
    compiler.emit(try ExpressionParser.parse(source, file: file))
    compiler.program.append(.match)
    self.source = source
    program = compiler.program
    sets = compiler.sets
    ascii = compiler.sets.map { set in
      func bits(_ start: UInt32) -> UInt64 {
        (0..<64).reduce(UInt64(0)) { set.contains(start + $1) ? $0 | 1 << UInt64($1) : $0 }
      }
      return (bits(0), bits(64))
    }
  }

  static func == (a: TextExpression, b: TextExpression) -> Bool {
    a.source.utf8.elementsEqual(b.source.utf8)
  }

  @inline(__always)
  func has(_ set: Int, _ scalar: UInt32) -> Bool {
    if scalar < 64 { return ascii[set].low >> UInt64(scalar) & 1 != 0 }
    if scalar < 128 { return ascii[set].high >> UInt64(scalar - 64) & 1 != 0 }
    return sets[set].contains(scalar)
  }
}

/// A node of an expression's tree.
indirect enum ExpressionNode {
  case set(ScalarSet)
  case sequence([ExpressionNode])
  case choice([ExpressionNode])
  case loop(ExpressionNode, least: Int, most: Int, Greed)
  case look(ExpressionNode, isNegative: Bool, isBehind: Bool)
  case atomic(ExpressionNode)
  case place(TextExpression.Instruction)

  enum Greed { case greedy, lazy, possessive }

  /// Characters that it matches where that is one number.
  var width: Int? {
    switch self {
    case .set: return 1
    case .place, .look: return 0
    case .atomic(let body): return body.width
    case .sequence(let parts):
      return parts.reduce(0) { sum, part in part.width.flatMap { width in sum.map { $0 + width } } }
    case .choice(let parts):
      guard let first = parts.first?.width else { return nil }
      return parts.allSatisfy { $0.width == first } ? first : nil
    case .loop(let body, let least, let most, _):
      return least == most ? body.width.map { $0 * least } : nil
    }
  }

  /// Whether it may match nothing.
  var isEmpty: Bool {
    switch self {
    case .set: false
    case .place, .look: true
    case .atomic(let body): body.isEmpty
    case .sequence(let parts): parts.allSatisfy(\.isEmpty)
    case .choice(let parts): parts.contains(where: \.isEmpty)
    case .loop(let body, let least, _, _): least == 0 || body.isEmpty
    }
  }

  /// Nodes of the program that it becomes, about.
  var size: Int {
    switch self {
    case .set, .place: 1
    case .atomic(let body), .look(let body, _, _): body.size + 2
    case .sequence(let parts), .choice(let parts): parts.reduce(1) { $0 + $1.size + 2 }
    case .loop(let body, let least, let most, _):
      if case .set = body {
        1
      } else {
        (body.size + 1) * max(1, most == .max ? least + 1 : most)
      }
    }
  }
}
