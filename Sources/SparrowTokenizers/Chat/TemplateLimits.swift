/// Bounds that keep a hostile template from hanging, filling the memory or overflowing the stack.
enum TemplateLimits {
  /// Bytes of a template; the longest known is under 32 KB.
  static let source = 1 << 20
  /// Nesting of a template's blocks, of brackets in an expression, and of the tree that an expression makes: `a + b + c` nests twice.
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
