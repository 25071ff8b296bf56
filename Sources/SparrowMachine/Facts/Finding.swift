public import SparrowCore

/// One thing that `sparrow doctor` looked at.
public struct Finding: Sendable, Equatable {
  public enum State: Sendable, Equatable {
    /// It is so, or there.
    case fine
    /// Not there, and something that not everybody needs does not work without.
    case missing
    /// Without it Sparrow does not work.
    case broken
  }

  /// A word, the same on the screen and in JSON.
  public var name: String
  /// What was found, for people.
  public var text: String
  /// The same for programs.
  public var value: JSON
  public var state: State
  /// What to do about it; empty where nothing has to be done.
  public var advice: String

  public init(
    _ name: String, _ text: String, _ value: JSON, _ state: State = .fine, advice: String = ""
  ) {
    self.name = name
    self.text = text
    self.value = value
    self.state = state
    self.advice = advice
  }
}
