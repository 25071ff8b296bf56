public import SparrowCore

/// What a request's text may still be: the place that it has reached in a grammar.
public struct TokenConstraint: Sendable {
  private let grammar: TokenGrammar
  private let field: String
  private var state = Automaton.dead
  private var generation = -1
  /// The tokens so far, for finding the place again when the grammar's machine has begun anew.
  private var tokens: [Int32] = []
  /// Whether the text may end here, so that the model's end tokens are allowed.
  public private(set) var mayEnd = false
  /// `.unsupported` once the grammar has taken too long for what comes next: nothing is allowed
  /// then, and the text is not what it should be.
  public private(set) var failure: SparrowError?

  init(_ grammar: TokenGrammar, field: String) {
    self.grammar = grammar
    self.field = field
    let mayEnd = work { constraint, machine in machine.automaton.mayEnd(constraint.state) }
    self.mayEnd = mayEnd ?? false
  }

  /// The tokens that may come next; control tokens are none of them. Where there are none the text
  /// must end, or has failed.
  public mutating func allowed() -> TokenMask {
    let mask = work { constraint, machine in
      machine.masks.mask(constraint.state, &machine.automaton)
    }
    return mask ?? .none
  }

  /// Whether nothing may come next.
  public mutating func mustEnd() -> Bool { allowed().count == 0 }

  /// Takes the token that came; false for one that is not allowed, after which the constraint is as
  /// it was.
  @discardableResult
  public mutating func accept(_ token: Int32) -> Bool {
    let bytes = grammar.vocabulary.bytes(of: token)
    guard !bytes.isEmpty else { return false }
    let isAccepted = work { constraint, machine in
      let next = bytes.reduce(constraint.state) { machine.automaton.next($0, $1) }
      guard next != Automaton.dead else { return false }
      constraint.state = next
      constraint.tokens.append(token)
      constraint.mayEnd = machine.automaton.mayEnd(next)
      return true
    }
    return isAccepted ?? false
  }

  /// Works at its place in the machine; nil where that fails.
  private mutating func work<Result>(
    _ body: (inout TokenConstraint, inout TokenGrammar.Machine) -> Result
  ) -> Result? {
    guard failure == nil else { return nil }
    let result = grammar.withMachine { machine in
      place(in: &machine)
      return body(&self, &machine)
    }
    if result == nil {
      failure = SparrowError(
        .unsupported, field: field, found: "a grammar whose tokens take too long to find",
        expected: "fewer alternatives, counts and patterns that can match at once")
    }
    return result
  }

  /// Makes sure that `state` is one of this machine's.
  private mutating func place(in machine: inout TokenGrammar.Machine) {
    guard generation != machine.generation else { return }
    generation = machine.generation
    let bytes = tokens.flatMap { grammar.vocabulary.bytes(of: $0) }
    grammar.allow(&machine, bytes: bytes.count)
    state = machine.automaton.state(after: bytes)
    machine.placed = machine.automaton.patternCount
  }
}
