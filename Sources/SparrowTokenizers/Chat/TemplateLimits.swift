/// Bounds that keep a hostile template from hanging, filling the memory or overflowing the stack.
enum TemplateLimits {
  /// Bytes of a template; the longest known is under 32 KB.
  static let source = 1 << 20
  /// Nesting of a template's blocks, and of its expressions.
  static let blocks = 32
  static let expression = 96
  /// Expressions, statements and macro calls within each other while rendering.
  static let depth = 200
  /// Nesting of lists and dictionaries.
  static let valueDepth = 64
  /// Expressions and statements evaluated in one rendering.
  static let steps = 1_000_000
  /// Bytes touched by operations on strings and lists in one rendering.
  static let work = 256 << 20
  /// Bytes of a rendering.
  static let output = 16 << 20
  /// Elements of a `range`, as in Jinja's sandbox.
  static let range = 100_000
}
