internal import SparrowCore

/// Reads a regular expression of ECMAScript, as `pattern` has it, and makes a pattern of the inside
/// of a JSON string of it. Look-arounds, back references, properties of characters and anchors
/// inside an expression are refused.
struct ExpressionParser {
  /// Groups inside each other; characters; and the same with counts multiplied out.
  private static let depthLimit = 50
  private static let lengthLimit = 1000
  private static let sizeLimit = 10_000

  private let scalars: [Unicode.Scalar]
  private let pointer: String
  private let source: String
  private var at = 0

  private init(_ source: String, _ pointer: String) {
    scalars = Array(source.unicodeScalars)
    self.source = source
    self.pointer = pointer
  }

  /// A pattern and about how many places it has.
  private struct Part {
    var pattern: Pattern.ID
    var size = 1
  }

  /// The texts in which the expression matches some place.
  ///
  /// Throws `.unsupported` and `.malformed`, which name the pointer.
  static func pattern(
    _ source: String, pointer: String, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Pattern.ID {
    var parser = ExpressionParser(source, pointer)
    guard parser.scalars.count <= lengthLimit else {
      throw parser.error(.unsupported, "a long expression", "at most \(lengthLimit) characters")
    }
    let any = patterns.repeated(patterns.character(.any))
    var branches: [Pattern.ID] = []
    repeat {
      let isAtStart = parser.take("^")
      let part = try parser.branch(0, &patterns)
      let isAtEnd = parser.take("$")
      guard parser.at == parser.scalars.count || parser.next == "|" else {
        throw parser.refused()
      }
      branches.append(
        patterns.sequence([
          isAtStart ? PatternTable.end : any, part.pattern, isAtEnd ? PatternTable.end : any,
        ]))
    } while parser.take("|")
    let pattern = patterns.choice(branches)
    guard patterns.staysNarrow(pattern) else {
      throw parser.error(.unsupported, "too many ways to match", "one that is less ambiguous")
    }
    return pattern
  }

  // MARK: reading

  private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    at += 1
    return true
  }

  private func error(_ kind: SparrowError.Kind, _ found: String, _ expected: String) -> SparrowError
  {
    SparrowError(
      kind, field: pointer, found: "\(found) at character \(at) of '\(source.prefix(80))'",
      expected: expected)
  }

  private func malformed(_ found: String) -> SparrowError {
    error(.malformed, found, "a regular expression")
  }

  private func refused() -> SparrowError {
    error(
      .unsupported, next.map { "'\($0)'" } ?? "an end",
      "characters, classes, groups, | and counts; ^ and $ at the ends")
  }

  // MARK: parts

  private mutating func alternatives(
    _ depth: Int, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Part {
    guard depth <= Self.depthLimit else {
      throw error(.unsupported, "a group", "at most \(Self.depthLimit) inside each other")
    }
    var parts = [try branch(depth, &patterns)]
    while take("|") { parts.append(try branch(depth, &patterns)) }
    return Part(
      pattern: patterns.choice(parts.map(\.pattern)), size: parts.reduce(0) { $0 + $1.size })
  }

  private mutating func branch(
    _ depth: Int, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Part {
    var parts: [Part] = []
    while let scalar = next, scalar != "|", scalar != ")", scalar != "$" {
      let part = try atom(depth, &patterns)
      parts.append(try counted(part, &patterns))
      guard parts.reduce(0, { $0 + $1.size }) <= Self.sizeLimit else {
        throw error(.unsupported, "a long expression", "counts that multiply to \(Self.sizeLimit)")
      }
    }
    return Part(
      pattern: patterns.sequence(parts.map(\.pattern)), size: parts.reduce(1) { $0 + $1.size })
  }

  private mutating func counted(
    _ part: Part, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Part {
    var range: (least: Int32, most: Int32)?
    if take("*") {
      range = (0, .max)
    } else if take("+") {
      range = (1, .max)
    } else if take("?") {
      range = (0, 1)
    } else if let count = count() {
      range = count
    }
    guard let range else { return part }
    guard range.least <= range.most else { throw malformed("counts in disorder") }
    // Which match is preferred does not matter: a lazy count means the same texts.
    _ = take("?")
    if next.map({ "*+?".unicodeScalars.contains($0) }) ?? false || count() != nil {
      throw malformed("a count after a count")
    }
    let times = range.most == .max ? max(1, range.least) : max(1, range.most)
    return Part(
      pattern: patterns.repeated(part.pattern, least: range.least, most: range.most),
      size: part.size * Int(times))
  }

  /// A count in braces; nil, with nothing read, where there is none.
  private mutating func count() -> (Int32, Int32)? {
    let start = at
    guard take("{"), let least = number() else {
      at = start
      return nil
    }
    if take("}") { return (least, least) }
    if take(",") {
      if take("}") { return (least, .max) }
      if let most = number(), take("}") { return (least, most) }
    }
    at = start
    return nil
  }

  private mutating func number() -> Int32? {
    let start = at
    while let next, ("0"..."9").contains(next) { at += 1 }
    guard at > start else { return nil }
    return Int32(String(String.UnicodeScalarView(scalars[start..<at]))) ?? 1_000_000
  }

  private mutating func atom(
    _ depth: Int, _ patterns: inout PatternTable
  ) throws(SparrowError) -> Part {
    guard let scalar = next else { throw malformed("an end") }
    switch scalar {
    case "(":
      at += 1
      if take("?") {
        guard take(":") else { throw refused() }
      }
      let part = try alternatives(depth + 1, &patterns)
      guard take(")") else { throw next == "$" ? refused() : malformed("no end of a group") }
      return part
    case "^", "*", "+", "?":
      throw scalar == "^" ? refused() : malformed("'\(scalar)' after nothing")
    case "[":
      at += 1
      return Part(pattern: patterns.character(try characterClass()))
    case ".":
      at += 1
      return Part(pattern: patterns.character(.inLine))
    case "\\":
      at += 1
      return Part(pattern: patterns.character(try escape(inClass: false)))
    default:
      at += 1
      return Part(pattern: patterns.character(ScalarRanges(scalar.value)))
    }
  }

  // MARK: sets

  private mutating func characterClass() throws(SparrowError) -> ScalarRanges {
    let isNegative = take("^")
    var set = ScalarRanges([])
    while !take("]") {
      let low = try member()
      // A dash at the end, or beside a class such as \d, is itself.
      if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]", let from = low.single {
        at += 1
        let high = try member()
        guard let to = high.single else {
          set = set.union(low).union(high).union(ScalarRanges(0x2D))
          continue
        }
        guard from <= to else { throw malformed("a range in disorder") }
        set = set.union(ScalarRanges([from...to]))
      } else {
        set = set.union(low)
      }
    }
    return isNegative ? set.complement : set
  }

  private mutating func member() throws(SparrowError) -> ScalarRanges {
    guard let scalar = next else { throw malformed("no end of a class") }
    at += 1
    return scalar == "\\" ? try escape(inClass: true) : ScalarRanges(scalar.value)
  }

  private mutating func escape(inClass: Bool) throws(SparrowError) -> ScalarRanges {
    guard let scalar = next else { throw malformed("an end after a backslash") }
    let simple: [Unicode.Scalar: UInt32] = ["t": 9, "n": 10, "v": 11, "f": 12, "r": 13]
    at += 1
    switch scalar {
    case "d": return .digits
    case "D": return ScalarRanges.digits.complement
    case "w": return .word
    case "W": return ScalarRanges.word.complement
    case "s": return .space
    case "S": return .notSpace
    case "x", "u":
      guard let value = hexadecimal(scalar) else { throw malformed("an escape without its digits") }
      return ScalarRanges(value)
    case "b" where inClass: return ScalarRanges(8)
    case "0" where next.map { !("0"..."9").contains($0) } ?? true: return ScalarRanges(0)
    default:
      if let value = simple[scalar] { return ScalarRanges(value) }
      guard scalar.value >= 0x80 || !ScalarRanges.word.contains(scalar.value) || scalar == "_"
      else {
        at -= 1
        throw refused()
      }
      return ScalarRanges(scalar.value)
    }
  }

  /// The value after `\x` or `\u`: two digits, four, or some in braces; a pair of halves is one.
  private mutating func hexadecimal(_ kind: Unicode.Scalar) -> UInt32? {
    if kind == "u", take("{") {
      let start = at
      while let next, next != "}" { at += 1 }
      let value = UInt32(String(String.UnicodeScalarView(scalars[start..<at])), radix: 16)
      return take("}") ? value.flatMap { $0 <= ScalarRanges.last ? $0 : nil } : nil
    }
    func digits(_ count: Int) -> UInt32? {
      guard at + count <= scalars.count else { return nil }
      let text = String(String.UnicodeScalarView(scalars[at..<at + count]))
      at += count
      return text.unicodeScalars.first == "+" ? nil : UInt32(text, radix: 16)
    }
    guard let high = digits(kind == "x" ? 2 : 4) else { return nil }
    guard (0xD800...0xDBFF).contains(high), at + 1 < scalars.count, scalars[at] == "\\",
      scalars[at + 1] == "u"
    else { return high }
    at += 2
    guard let low = digits(4), (0xDC00...0xDFFF).contains(low) else { return nil }
    return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
  }
}

extension ScalarRanges {
  /// The only member of a set that has one.
  fileprivate var single: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}
