/// Bounds that keep a hostile template from hanging, filling the memory or overflowing the stack.
enum TemplateLimits {
  /// Bytes of a template; the longest known is under 32 KB.
  static let source = 1 << 20
  /// Nesting of a template's blocks, of brackets in an expression, and of the tree that an
  /// expression makes: `a + b + c` nests twice.
  static let blocks = 24
  static let nesting = 32
  static let expression = 64
  /// Expressions, statements and macro calls within each other while rendering.
  static let depth = 128
  /// Nesting of lists and dictionaries.
  static let valueDepth = 48
  /// Elements of a `range`, as in Jinja's sandbox.
  static let range = 100_000
}

/// What one rendering may cost: under three seconds of an optimised build, whatever the template.
struct TemplateBudget {
  /// Expressions and statements evaluated.
  var steps = 1_000_000
  /// Work of operations on strings and lists, in bytes copied (`TemplateCost`).
  var work = 256 << 20
  /// Bytes of text.
  var output = 16 << 20
}

/// What a piece of work costs, in bytes copied.
enum TemplateCost {
  /// A byte.
  case copied, searched
  /// A character.
  case changed
  /// An element of a list or a key of a dictionary, moved or looked at.
  case moved
  /// A key with its value, made an element.
  case paired
  /// An element that is put into order.
  case sorted

  var units: Int {
    switch self {
    case .copied: 1
    case .searched: 4
    case .changed, .moved: 16
    case .paired: 32
    case .sorted: 256
    }
  }
}
