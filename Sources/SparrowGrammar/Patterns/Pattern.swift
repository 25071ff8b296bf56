/// A set of texts over bytes; patterns name each other by number in a `PatternTable`.
///
/// What may follow a byte is again a pattern (Brzozowski 1964), so that an automaton's states are
/// patterns, made when they are reached: counts, intersections and complements cost nothing before.
enum Pattern: Hashable, Sendable {
  typealias ID = Int32

  /// No text at all.
  case nothing
  /// The empty text alone.
  case end
  /// One byte of a set.
  case bytes(ByteSet)
  /// A text of the table's `literals`, from a place on.
  case literal(Int32, from: Int32)
  case sequence(ID, ID)
  /// Any of some patterns, ascending and without a choice among them.
  case choice([ID])
  /// As many as that of a pattern; `.max` is without end.
  case repeated(ID, least: Int32, most: Int32)
  /// What both are; neither calls a rule.
  case both(ID, ID)
  /// All that a pattern, which calls no rule, is not.
  case except(ID)
  /// Decimal digits which, behind others with this remainder, make a multiple of a number.
  case multiple(of: Int32, remainder: Int32)
  /// A rule, whose pattern may call it in turn.
  case call(Int32)
}
