/// How far a pull has come, told about ten times a second.
public struct PullProgress: Sendable, Equatable {
  public enum Phase: String, Sendable {
    case asking, waiting, downloading, unpacking, checking, joining
  }

  public let phase: Phase
  /// The file or package at hand.
  public let item: String
  /// Which of how many, from 1.
  public let index: Int
  public let count: Int
  /// Bytes of the item done, counted from its beginning even when resumed.
  public let done: Int
  /// Bytes of the whole item; nil when nobody said.
  public let total: Int?
}
