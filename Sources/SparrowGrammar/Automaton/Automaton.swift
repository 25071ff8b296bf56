/// A grammar's automaton over bytes, whose states are made when they are reached.
///
/// A stack holds what is left of the rules that were entered, the innermost on top. A state is a
/// set of stacks: the ways in which the text so far can go on.
struct Automaton: Sendable {
  typealias State = UInt16

  /// No way goes on.
  static let dead: State = 0
  private static let unknown = State.max
  /// Where everything has been said.
  static let bottom: Int32 = 0
  /// States of 512 bytes each; further ones count as dead, which allows less.
  private static let stateLimit = 40_000
  /// Ways that a state keeps; further ones are left out, which allows less and never too much.
  private static let stackLimit = 256
  /// Nodes of a tree of tokens that are passed in the time of one step.
  private static let nodesOfAStep = 16

  struct Stack: Hashable, Sendable {
    /// What is left of the innermost rule.
    let top: Pattern.ID
    let parent: Int32
  }

  private(set) var patterns: PatternTable
  private var stacks: [Stack] = [Stack(top: PatternTable.end, parent: bottom)]
  private var stackNumbers: [Stack: Int32] = [:]
  private var states: [[Int32]] = [[]]
  private var stateNumbers: [[Int32]: State] = [[]: dead]
  /// 256 followers a state.
  private var rows = [State](repeating: dead, count: 256)
  /// Whether a state's text may end.
  private var ends = [false]
  private(set) var start = Automaton.dead

  /// An automaton of a pattern, whose rules are defined.
  init(_ patterns: PatternTable, start pattern: Pattern.ID) {
    self.patterns = patterns
    guard self.patterns.isLive(pattern) else { return }
    start = state(of: [push(pattern, on: Self.bottom)])
  }

  var stateCount: Int { states.count }
  var patternCount: Int { patterns.patterns.count }

  /// The state after a byte. Constant time once it is known.
  @inline(__always)
  mutating func next(_ state: State, _ byte: UInt8) -> State {
    let known = rows[Int(state) << 8 | Int(byte)]
    return known == Self.unknown ? find(state, byte) : known
  }

  func mayEnd(_ state: State) -> Bool { ends[Int(state)] }

  func stacks(of state: State) -> [Int32] { states[Int(state)] }

  func stack(_ number: Int32) -> Stack { stacks[Int(number)] }

  func isNullable(_ pattern: Pattern.ID) -> Bool { patterns.isNullable[Int(pattern)] }

  /// The state of one stack alone.
  mutating func state(stack: Int32) -> State { state(of: [stack]) }

  /// The state of a pattern with nothing below it.
  mutating func state(pattern: Pattern.ID) -> State {
    state(of: [push(pattern, on: Self.bottom)])
  }

  /// The state after some bytes from the start on, without the states between.
  mutating func state(after bytes: some Sequence<UInt8>) -> State {
    var stacks = states[Int(start)]
    for byte in bytes {
      var scope = ByteSet.all
      stacks = next(stacks, byte, &scope)
    }
    return state(of: stacks)
  }

  /// What has been done so far.
  var work: Int { patterns.work }

  /// Lets so much be done from now on.
  mutating func allow(_ work: Int) { patterns.workLimit = patterns.work + work }

  /// Counts tokens that a walk has looked at.
  mutating func count(_ nodes: Int) { patterns.work += nodes / Self.nodesOfAStep }

  /// Whether more was done than was allowed: what it has said since is not to be kept.
  var isExhausted: Bool { patterns.isExhausted }

  private mutating func find(_ state: State, _ byte: UInt8) -> State {
    guard !isExhausted else { return Self.dead }
    var scope = ByteSet.all
    let stacks = next(states[Int(state)], byte, &scope)
    let found = self.state(of: stacks)
    scope.forEach { rows[Int(state) << 8 | Int($0)] = found }
    return found
  }

  /// The stacks after a byte; `scope` loses the bytes after which they are others.
  private mutating func next(
    _ stacks: [Int32], _ byte: UInt8, _ scope: inout ByteSet
  ) -> [Int32] {
    var next: [Int32] = []
    for stack in stacks {
      var at = stack
      while at != Self.bottom {
        let (top, parent) = (self.stacks[Int(at)].top, self.stacks[Int(at)].parent)
        for way in patterns.ways(top, byte, &scope) {
          let stack = way.reversed().reduce(parent) { push($1, on: $0) }
          if next.count < Self.stackLimit, !next.contains(stack) { next.append(stack) }
        }
        patterns.work += 1 + next.count / 32
        guard patterns.isNullable[Int(top)] else { break }
        at = parent
      }
    }
    return next
  }

  private mutating func push(_ top: Pattern.ID, on parent: Int32) -> Int32 {
    if top == PatternTable.end { return parent }
    let stack = Stack(top: top, parent: parent)
    if let known = stackNumbers[stack] { return known }
    let number = Int32(stacks.count)
    stacks.append(stack)
    stackNumbers[stack] = number
    return number
  }

  private mutating func state(of stacks: [Int32]) -> State {
    if let known = stateNumbers[stacks] { return known }
    guard states.count < Self.stateLimit else { return Self.dead }
    let number = State(states.count)
    stateNumbers[stacks] = number
    states.append(stacks)
    rows.append(contentsOf: repeatElement(Self.unknown, count: 256))
    ends.append(stacks.contains { mayEnd(stack: $0) })
    return number
  }

  private func mayEnd(stack: Int32) -> Bool {
    var at = stack
    while at != Self.bottom {
      guard patterns.isNullable[Int(stacks[Int(at)].top)] else { return false }
      at = stacks[Int(at)].parent
    }
    return true
  }
}
