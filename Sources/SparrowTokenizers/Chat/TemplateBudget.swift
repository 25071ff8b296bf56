/// What one rendering may cost: under three seconds of an optimised build, whatever the template.
struct TemplateBudget {
  /// Expressions and statements evaluated.
  var steps = 1_000_000
  /// Work of operations on strings and lists: 1 a byte copied, 4 a byte searched, 16 a character changed or an element.
  var work = 256 << 20
  /// Bytes of text.
  var output = 16 << 20
}
