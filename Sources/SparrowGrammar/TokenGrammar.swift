internal import Synchronization
public import SparrowCore

/// A grammar compiled for a vocabulary; its automaton and masks grow as they are used and are
/// shared by all requests that it constrains. Safe to share between threads.
///
/// A mask costs a few microseconds where it is known, and tens to hundreds when it is made. None
/// takes longer than a set amount of work, some tenths of a second: constraints then give up.
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
  /// Steps that one token may take.
  private let workLimit: Int
  private let fresh: Automaton
  private let machine: Mutex<Machine>

  /// Steps that one token takes at most, some tenths of a second, and for each byte of a text that
  /// is gone through again.
  private static let tokenWork = 4_000_000
  private static let byteWork = 100

  /// Compiles a grammar.
  ///
  /// Throws `.unsupported` with the JSON pointer of what a schema asks for and Sparrow does not
  /// know, `.malformed` for what is no schema, and `.argument` where nothing satisfies it or it is
  /// too large.
  public convenience init(
    _ grammar: TextGrammar, vocabulary: TokenVocabulary
  ) throws(SparrowError) {
    try self.init(
      grammar, vocabulary: vocabulary, compiling: GrammarCompiler.workLimit,
      choosing: Self.tokenWork)
  }

  /// With other bounds of work, for compiling and for choosing a token.
  init(
    _ grammar: TextGrammar, vocabulary: TokenVocabulary, compiling: Int, choosing: Int
  ) throws(SparrowError) {
    self.vocabulary = vocabulary
    workLimit = choosing
    fresh = try GrammarCompiler.automaton(of: grammar, work: compiling)
    size = 200 * fresh.patternCount
    machine = Mutex(Machine(automaton: fresh, masks: MaskMaker(vocabulary)))
  }

  /// A request's constraint, before its first token; `field` is what asks for it, for errors.
  public func constraint(field: String = "constraint") -> TokenConstraint {
    TokenConstraint(self, field: field)
  }

  /// Works on the machine; begins it anew where it has become too large. nil where the work took
  /// too long: nothing of what it found is kept.
  func withMachine<Result>(_ body: (inout Machine) -> Result) -> Result? {
    machine.withLock { machine in
      if machine.isFull { restart(&machine) }
      allow(&machine, bytes: 0)
      let result = body(&machine)
      guard machine.automaton.isExhausted else { return result }
      restart(&machine)
      return nil
    }
  }

  /// Lets so much be done from now on as choosing a token and going through some bytes may take.
  func allow(_ machine: inout Machine, bytes: Int) {
    machine.automaton.allow(workLimit + bytes * Self.byteWork)
  }

  private func restart(_ machine: inout Machine) {
    machine = Machine(
      automaton: fresh, masks: MaskMaker(vocabulary), generation: machine.generation + 1)
  }
}
