/// Characters that one place of an expression matches.
struct ScalarSet: Sendable {
  /// General categories, a bit each.
  var categories: UInt32 = 0
  /// Ascending, apart from each other.
  var ranges: [ClosedRange<UInt32>] = []
  /// `\s`.
  var hasSpaces = false
  /// `\w`.
  var hasWords = false
  /// Sets that add to this one, and sets that all must hold too: `[a[^b]&&c]`.
  var others: [ScalarSet] = []
  var limits: [ScalarSet] = []
  var isInverted = false

  init() {}

  init(_ scalars: ClosedRange<UInt32>) { ranges = [scalars] }

  mutating func insert(_ range: ClosedRange<UInt32>) {
    ranges.append(range)
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] =
          last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  func contains(_ scalar: UInt32) -> Bool {
    let category = CategoryTable.shared.category(scalar)
    var isIn =
      categories >> UInt32(category) & 1 != 0 || hasRange(scalar)
      || hasSpaces && Self.isSpace(scalar) || hasWords && Self.isWord(scalar, category)
    if !isIn { isIn = others.contains { $0.contains(scalar) } }
    if isIn { isIn = limits.allSatisfy { $0.contains(scalar) } }
    return isIn != isInverted
  }

  private func hasRange(_ scalar: UInt32) -> Bool {
    if ranges.count < 5 { return ranges.contains { $0.contains(scalar) } }
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= scalar
  }

  static func isSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 9...13, 32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
      true
    default: false
    }
  }

  /// Letters, marks, decimal digits and connectors, as `\w` of Oniguruma.
  static func isWord(_ scalar: UInt32, _ category: UInt8) -> Bool {
    if words >> UInt32(category) & 1 != 0 { return true }
    return scalar >= 0x80
      && Unicode.Scalar(scalar).map { $0.properties.isAlphabetic } ?? false
  }

  private static let words =
    CategoryTable.mask(named: "L")! | CategoryTable.mask(named: "M")!
    | CategoryTable.mask(named: "Nd")! | CategoryTable.mask(named: "Pc")!
}

/// The general category of every scalar of the Basic Multilingual Plane, 64 KB made at first use.
struct CategoryTable: Sendable {
  static let shared = CategoryTable()

  private let plane: [UInt8]

  private init() {
    plane = (0..<0x10000).map { Self.find(UInt32($0)) }
  }

  @inline(__always)
  func category(_ scalar: UInt32) -> UInt8 {
    scalar < 0x10000 ? plane[Int(scalar)] : Self.find(scalar)
  }

  /// Unicode's short names, in the order of the numbers used here.
  private static let names = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
    "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
  ]

  /// The categories of a name such as `Lu` or `L`, or of the long name that expressions use.
  static func mask(named name: String) -> UInt32? {
    let long = [
      "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Punct": "P", "Symbol": "S",
      "Separator": "Z", "Other": "C", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll",
      "Decimal_Number": "Nd",
    ]
    let short = long[name] ?? name
    var mask: UInt32 = 0
    for (number, category) in names.enumerated()
    where category == short || short.utf8.count == 1 && category.hasPrefix(short) {
      mask |= 1 << UInt32(number)
    }
    return mask == 0 ? nil : mask
  }

  private static func find(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return 28 }
    switch scalar.properties.generalCategory {
    case .unassigned: return 0
    case .uppercaseLetter: return 1
    case .lowercaseLetter: return 2
    case .titlecaseLetter: return 3
    case .modifierLetter: return 4
    case .otherLetter: return 5
    case .nonspacingMark: return 6
    case .spacingMark: return 7
    case .enclosingMark: return 8
    case .decimalNumber: return 9
    case .letterNumber: return 10
    case .otherNumber: return 11
    case .connectorPunctuation: return 12
    case .dashPunctuation: return 13
    case .openPunctuation: return 14
    case .closePunctuation: return 15
    case .initialPunctuation: return 16
    case .finalPunctuation: return 17
    case .otherPunctuation: return 18
    case .mathSymbol: return 19
    case .currencySymbol: return 20
    case .modifierSymbol: return 21
    case .otherSymbol: return 22
    case .spaceSeparator: return 23
    case .lineSeparator: return 24
    case .paragraphSeparator: return 25
    case .control: return 26
    case .format: return 27
    case .surrogate: return 28
    case .privateUse: return 29
    @unknown default: return 0
    }
  }
}
