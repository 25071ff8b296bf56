internal import SparrowCore

/// Reads an expression's source.
struct ExpressionParser {
  private let file: String
  private let source: String
  let scalars: [Unicode.Scalar]
  var at = 0
  var foldsCase = false
  private var nesting = 0

  /// Bounds on what a file may ask for.
  private static let limits = (source: 1 << 16, nesting: 32, size: 1 << 16, count: 1000)

  static func parse(_ source: String, file: String) throws(SparrowError) -> ExpressionNode {
    var parser = ExpressionParser(file: file, source: source)
    guard parser.scalars.count <= limits.source else { throw parser.unsupported("its length") }
    let node = try parser.choice()
    guard parser.at == parser.scalars.count else {
      throw parser.malformed("')' that closes nothing")
    }
    guard node.size <= limits.size else { throw parser.unsupported("its size") }
    return node
  }

  private init(file: String, source: String) {
    self.file = file
    self.source = source
    scalars = Array(source.unicodeScalars)
  }

  private func error(_ kind: SparrowError.Kind, _ what: String) -> SparrowError {
    SparrowError(
      kind, file: file, field: "the expression '\(source.prefix(200))'", found: what,
      expected: kind == .unsupported ? "an expression that Sparrow knows" : "")
  }

  func unsupported(_ what: String) -> SparrowError { error(.unsupported, what) }
  func malformed(_ what: String) -> SparrowError { error(.malformed, what) }

  var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[at...].starts(with: wanted) else { return false }
    at += wanted.count
    return true
  }

  private mutating func choice() throws(SparrowError) -> ExpressionNode {
    guard nesting < Self.limits.nesting else { throw unsupported("its nesting") }
    nesting += 1
    defer { nesting -= 1 }
    let outer = foldsCase
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    foldsCase = outer
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(SparrowError) -> ExpressionNode {
    var parts: [ExpressionNode] = []
    while let next, next != "|", next != ")" { parts.append(try repeated(try atom())) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ first: ExpressionNode) throws(SparrowError) -> ExpressionNode {
    var node = first
    while let (least, most) = try count() {
      let isCount = scalars[at - 1] == "}"
      var greed = ExpressionNode.Greed.greedy
      if take("?") {
        greed = .lazy
      } else if !isCount, take("+") {
        greed = .possessive
      }
      // A loop over nothing would never end.
      guard most != .max || !node.isEmpty else {
        throw unsupported("a loop over what may be empty")
      }
      node = .loop(node, least: least, most: most, greed)
    }
    return node
  }

  /// A quantifier; nil where there is none.
  private mutating func count() throws(SparrowError) -> (least: Int, most: Int)? {
    if take("*") { return (0, .max) }
    if take("+") { return (1, .max) }
    if take("?") { return (0, 1) }
    guard next == "{", let end = scalars[at...].firstIndex(of: "}") else { return nil }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[(at + 1)..<end])
    let bounds = String(text).split(separator: ",", omittingEmptySubsequences: false)
    guard bounds.count <= 2, let least = Int(bounds[0].isEmpty ? "0" : bounds[0]),
      let most = bounds.count == 1 ? least : bounds[1].isEmpty ? Int.max : Int(bounds[1])
    else { return nil }
    guard least >= 0, least <= most, least <= Self.limits.count,
      most == .max || most <= Self.limits.count
    else { throw unsupported("the count {\(text)}") }
    at = end + 1
    return (least, most)
  }

  private mutating func atom() throws(SparrowError) -> ExpressionNode {
    guard let scalar = next else { throw malformed("its end") }
    switch scalar {
    case "(": return try group()
    case "[": return .set(try bracket())
    case ".":
      at += 1
      var set = ScalarSet(10...10)
      set.isInverted = true
      return .set(set)
    case "^":
      at += 1
      return .place(.lineStart)
    case "$":
      at += 1
      return .place(.lineEnd)
    case "*", "+", "?": throw malformed("a quantifier of nothing")
    case "\\": return try escape()
    default:
      at += 1
      return .set(folded(scalar.value))
    }
  }

  private mutating func group() throws(SparrowError) -> ExpressionNode {
    at += 1
    var make: (ExpressionNode) -> ExpressionNode = { $0 }
    let outer = foldsCase
    if take("?") {
      if take(":") {
      } else if take("=") {
        make = { .look($0, isNegative: false, isBehind: false) }
      } else if take("!") {
        make = { .look($0, isNegative: true, isBehind: false) }
      } else if take("<=") {
        make = { .look($0, isNegative: false, isBehind: true) }
      } else if take("<!") {
        make = { .look($0, isNegative: true, isBehind: true) }
      } else if take(">") {
        make = { .atomic($0) }
      } else if take("i:") {
        foldsCase = true
      } else if take("i)") {
        // Up to the end of the group around it.
        foldsCase = true
        return .sequence([])
      } else {
        throw unsupported("a group of the kind '(?\(next.map { String($0) } ?? "")'")
      }
    }
    let node = make(try choice())
    foldsCase = outer
    guard take(")") else { throw malformed("a group without ')'") }
    if case .look(let body, _, true) = node, body.width == nil {
      throw unsupported("a look behind of no fixed width")
    }
    return node
  }

  private mutating func escape() throws(SparrowError) -> ExpressionNode {
    switch at + 1 < scalars.count ? scalars[at + 1] : nil {
    case "A": return place(.start)
    case "z": return place(.end)
    case "Z": throw unsupported("'\\Z'")
    case "b": return place(.boundary(isNegative: false))
    case "B": return place(.boundary(isNegative: true))
    case "G", "K", "R", "X", "k", "g": throw unsupported("'\\\(scalars[at + 1])'")
    case let digit? where ("1"..."9").contains(digit): throw unsupported("a back reference")
    default:
      switch try escaped() {
      case .scalar(let scalar): return .set(folded(scalar))
      case .set(let set): return .set(set)
      }
    }
  }

  private mutating func place(_ instruction: TextExpression.Instruction) -> ExpressionNode {
    at += 2
    return .place(instruction)
  }

  /// A character, with its other case where case does not count.
  func folded(_ scalar: UInt32) -> ScalarSet {
    var set = ScalarSet(scalar...scalar)
    if foldsCase { set.foldCase() }
    return set
  }
}

extension ScalarSet {
  /// Adds the other case of single characters and of short ranges.
  mutating func foldCase() {
    for range in ranges where range.count <= 1024 {
      for value in range {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let upper = scalar.properties.uppercaseMapping
        let lower = upper.unicodeScalars.first?.properties.lowercaseMapping ?? ""
        for text in [scalar.properties.lowercaseMapping, upper, lower] {
          let mapped = Array(text.unicodeScalars)
          if mapped.count == 1 { insert(mapped[0].value...mapped[0].value) }
        }
      }
    }
    // The two letters of no other case that Unicode folds into ASCII.
    if hasRangeOf("s") { insert(0x17F...0x17F) }
    if hasRangeOf("k") { insert(0x212A...0x212A) }
  }

  private func hasRangeOf(_ letter: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(letter.value) }
  }
}
