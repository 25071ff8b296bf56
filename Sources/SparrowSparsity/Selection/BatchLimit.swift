/// How many sequences a sparse step takes.
public enum BatchLimit {
  /// Sequences of a sparse step at most; plans may say fewer.
  public static let sequences = 16
  /// What plans may say.
  static let range = 1...sequences
}
