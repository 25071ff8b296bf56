/// What a request's text may still be: the place that it has reached in a grammar.
public struct TokenConstraint: Sendable {
  private let grammar: TokenGrammar
  private var state = Automaton.dead
  private var generation = -1
  /// The tokens so far, for finding the place again when the grammar's machine has begun anew.
  private var tokens: [Int32] = []
  /// Whether the text may end here, so that the model's end tokens are allowed.
  public private(set) var mayEnd = false

  init(_ grammar: TokenGrammar) {
    self.grammar = grammar
    mayEnd = grammar.withMachine { machine in
      place(in: &machine)
      return machine.automaton.mayEnd(state)
    }
  }

  /// The tokens that may come next; control tokens are none of them. Where there are none the text
  /// must end.
  public mutating func allowed() -> TokenMask {
    grammar.withMachine { machine in
      place(in: &machine)
      return machine.masks.mask(state, &machine.automaton)
    }
  }

  /// Whether nothing may come next.
  public mutating func mustEnd() -> Bool { allowed().count == 0 }

  /// Takes the token that came; false for one that is not allowed, after which the constraint is as
  /// it was.
  @discardableResult
  public mutating func accept(_ token: Int32) -> Bool {
    let bytes = grammar.vocabulary.bytes(of: token)
    guard !bytes.isEmpty else { return false }
    return grammar.withMachine { machine in
      place(in: &machine)
      let next = bytes.reduce(state) { machine.automaton.next($0, $1) }
      guard next != Automaton.dead else { return false }
      state = next
      tokens.append(token)
      mayEnd = machine.automaton.mayEnd(next)
      return true
    }
  }

  /// Makes sure that `state` is one of this machine's.
  private mutating func place(in machine: inout TokenGrammar.Machine) {
    guard generation != machine.generation else { return }
    generation = machine.generation
    let vocabulary = grammar.vocabulary
    state = machine.automaton.state(after: tokens.lazy.flatMap { vocabulary.bytes(of: $0) })
    machine.placed = machine.automaton.patternCount
  }
}
