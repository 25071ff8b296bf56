internal import SparrowCore

/// How many sequences a sparse step is worth taking, as a plan was measured; backends may take
/// fewer.
public enum BatchLimit {
  /// No plan's limit: as many as the backend takes.
  public static let none = Int.max
  /// What plans may say.
  static let range = 1...4096

  static func json(_ limit: Int) -> JSON { limit == none ? .null : .integer(limit) }

  static func isValid(_ limit: Int) -> Bool { limit == none || range.contains(limit) }
}
