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
  /// Elements of a `range`, as in Jinja's sandbox.
  static let range = 100_000
}
