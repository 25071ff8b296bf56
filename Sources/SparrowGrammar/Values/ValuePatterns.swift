internal import SparrowCore

/// The patterns of JSON's values, with at most one space after a colon and a comma and none
/// elsewhere: an answer must not run away in spaces.
struct ValuePatterns: Sendable {
  /// One character inside a string, as it is or escaped.
  let character: Pattern.ID
  /// One space or none.
  let space: Pattern.ID
  /// A comma, a colon, and what may follow them.
  let comma: Pattern.ID
  let colon: Pattern.ID
  /// Rules.
  let string: Int32
  let number: Int32
  let value: Int32
  let object: Int32
  let array: Int32

  init(_ patterns: inout PatternTable) {
    character = Self.character(&patterns)
    space = patterns.optional(patterns.literal(" "))
    comma = patterns.sequence(patterns.literal(","), space)
    colon = patterns.sequence(patterns.literal(":"), space)
    string = patterns.addRule()
    number = patterns.addRule()
    value = patterns.addRule()
    object = patterns.addRule()
    array = patterns.addRule()
    patterns.define(string, Self.quoted(patterns.repeated(character), &patterns))
    patterns.define(number, patterns.number(isInteger: false))
    let any = patterns.call(value)
    let member = patterns.sequence([patterns.call(string), colon, any])
    patterns.define(object, list("{", of: member, "}", &patterns))
    patterns.define(array, list("[", of: any, "]", &patterns))
    let parts =
      [string, number, object, array].map { patterns.call($0) }
      + ["true", "false", "null"].map { patterns.literal($0) }
    patterns.define(value, patterns.choice(parts))
  }

  /// One value.
  func constant(_ value: JSON, _ patterns: inout PatternTable) -> Pattern.ID {
    switch value {
    case .array(let items):
      return list("[", items.map { constant($0, &patterns) }, "]", &patterns)
    case .object(let members):
      let parts = members.map { member in
        let name = patterns.literal(JSON.string(member.key).text())
        return patterns.sequence([name, colon, constant(member.value, &patterns)])
      }
      return list("{", parts, "}", &patterns)
    default: return patterns.literal(value.text())
    }
  }

  /// These items between brackets.
  private func list(
    _ open: String, _ items: [Pattern.ID], _ close: String, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let content = items.enumerated().flatMap { $0 == 0 ? [$1] : [comma, $1] }
    return patterns.sequence([patterns.literal(open)] + content + [patterns.literal(close)])
  }

  /// A pattern between quotation marks.
  static func quoted(_ content: Pattern.ID, _ patterns: inout PatternTable) -> Pattern.ID {
    let quote = patterns.literal("\"")
    return patterns.sequence([quote, content, quote])
  }

  /// Some items between brackets.
  private func list(
    _ open: String, of item: Pattern.ID, _ close: String, _ patterns: inout PatternTable
  ) -> Pattern.ID {
    let more = patterns.repeated(patterns.sequence(comma, item))
    let items = patterns.optional(patterns.sequence(item, more))
    return patterns.sequence([patterns.literal(open), items, patterns.literal(close)])
  }

  private static func character(_ patterns: inout PatternTable) -> Pattern.ID {
    let plain = ByteSet(0x20...0x7F).subtracting(ByteSet("\"\\".utf8))
    var forms = [patterns.bytes(plain)]
    for ranges in UTF8Ranges.multibyte { forms.append(patterns.sequence(ranges)) }
    let hex = ByteSet("0123456789abcdefABCDEF".utf8)
    let digits = ByteSet(48...57)
    let d = ByteSet("dD".utf8)
    func escape(_ sets: ByteSet..., then: Pattern.ID = PatternTable.end) -> Pattern.ID {
      let parts = sets.map { patterns.bytes($0) }
      return patterns.sequence([patterns.literal("\\")] + parts + [then])
    }
    let u = ByteSet(UInt8(ascii: "u"))
    let low = escape(u, d, ByteSet("cdefCDEF".utf8), hex, hex)
    forms += [
      escape(ByteSet("\"\\/bfnrt".utf8)),
      escape(u, hex.subtracting(d), hex, hex, hex),
      escape(u, d, ByteSet("01234567".utf8).intersection(digits), hex, hex),
      escape(u, d, ByteSet("89abAB".utf8), hex, hex, then: low),
    ]
    return patterns.choice(forms)
  }
}

extension PatternTable {
  mutating func sequence(_ ranges: UTF8Ranges.Ranges) -> Pattern.ID {
    sequence(ranges.map { bytes(ByteSet($0)) })
  }

  /// Numbers have at most this many digits before and after the point, unless a bound has more:
  /// binary numbers of 64 bits hold no more, and an answer must not run away in them.
  static let digitLimit: Int32 = 15

  /// A JSON number.
  mutating func number(isInteger: Bool) -> Pattern.ID {
    let digit = bytes(ByteSet(48...57))
    let minus = optional(literal("-"))
    let whole = sequence(
      bytes(ByteSet(49...57)), repeated(digit, least: 0, most: Self.digitLimit - 1))
    if isInteger { return choice([literal("0"), sequence(minus, whole)]) }
    let fraction = sequence(
      literal("."), repeated(digit, least: 1, most: Self.digitLimit))
    let sign = optional(bytes(ByteSet("+-".utf8)))
    let exponent = sequence([
      bytes(ByteSet("eE".utf8)), sign, bytes(ByteSet(49...57)), optional(digit),
    ])
    return sequence([
      minus, choice([literal("0"), whole]), optional(fraction), optional(exponent),
    ])
  }
}
