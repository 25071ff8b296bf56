internal import Synchronization
public import SparrowCore

/// A grammar compiled for a vocabulary; its automaton and masks grow as they are used and are
/// shared by all requests that it constrains. Safe to share between threads.
///
/// A mask costs a few microseconds where it is known, and tens to hundreds when it is made.
public final class TokenGrammar: Sendable {
  struct Machine: Sendable {
    var automaton: Automaton
    var masks: MaskMaker
    /// Counts the times that the machine has begun anew.
    var generation = 0
    /// Patterns that it had when constraints last found their places in it.
    var placed = 0

    private static let stateLimit = 12_000
    private static let patternLimit = 200_000

    /// Whether so much is kept that it is better to begin anew.
    var isFull: Bool {
      automaton.stateCount > Self.stateLimit
        || automaton.patternCount > placed + Self.patternLimit
    }
  }

  let vocabulary: TokenVocabulary
  /// Bytes of the patterns that it begins with, about: they are kept twice.
  let size: Int
  private let fresh: Automaton
  private let machine: Mutex<Machine>

  /// Compiles a grammar.
  ///
  /// Throws `.unsupported` with the JSON pointer of what a schema asks for and Sparrow does not
  /// know, `.malformed` for what is no schema, and `.argument` where nothing satisfies it or it is
  /// too large.
  public init(_ grammar: TextGrammar, vocabulary: TokenVocabulary) throws(SparrowError) {
    self.vocabulary = vocabulary
    fresh = try GrammarCompiler.automaton(of: grammar)
    size = 200 * fresh.patternCount
    machine = Mutex(Machine(automaton: fresh, masks: MaskMaker(vocabulary)))
  }

  /// A request's constraint, before its first token.
  public func constraint() -> TokenConstraint { TokenConstraint(self) }

  /// Works on the machine; begins it anew where it has become too large.
  func withMachine<Result>(_ body: (inout Machine) -> Result) -> Result {
    machine.withLock { machine in
      if machine.isFull {
        machine = Machine(
          automaton: fresh, masks: MaskMaker(vocabulary), generation: machine.generation + 1)
      }
      return body(&machine)
    }
  }
}
