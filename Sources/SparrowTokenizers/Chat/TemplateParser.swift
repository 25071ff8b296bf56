internal import SparrowCore

/// Builds a template's tree from its tokens by the grammar of Jinja 3.1's `parser.py`; what Sparrow does not know is refused.
struct TemplateParser {
  let file: String
  let tokens: [TemplateToken]
  var at = 0
  /// Calls of the parser within each other, and the loops around a statement.
  var nesting = 0
  private var blocks = 0
  private var loops = 0
  private var isInner = false

  static func parse(_ source: String, file: String) throws(SparrowError) -> [TemplateStatement] {
    var parser = TemplateParser(
      file: file, tokens: try TemplateLexer.tokens(of: source, file: file))
    let statements = try parser.statements(until: [])
    guard parser.token.kind == .end else { throw parser.unexpected() }
    return statements
  }

  private init(file: String, tokens: [TemplateToken]) {
    self.file = file
    self.tokens = tokens
  }

  var token: TemplateToken { tokens[at] }
  var next: TemplateToken { tokens[min(at + 1, tokens.count - 1)] }

  /// Steps on; never past the end.
  mutating func advance() { at = min(at + 1, tokens.count - 1) }

  func error(
    _ found: String, expected: String = "", kind: SparrowError.Kind = .malformed,
    line: Int? = nil
  ) -> SparrowError {
    SparrowError(
      kind, file: file, field: "line \(line ?? token.line)", found: found, expected: expected)
  }

  func unexpected(expected: String = "") -> SparrowError {
    error(token.description + " out of place", expected: expected)
  }

  func unsupported(_ construct: String, line: Int? = nil) -> SparrowError {
    error(
      construct, expected: "a construct that Sparrow's templates know", kind: .unsupported,
      line: line)
  }

  func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { token.kind == .name(name) }

  mutating func take(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws(SparrowError) {
    guard take(symbol) else { throw unexpected(expected: "'\(symbol)'") }
  }

  mutating func name() throws(SparrowError) -> String {
    guard case .name(let name) = token.kind else { throw unexpected(expected: "a name") }
    advance()
    return name
  }

  private mutating func endOfBlock() throws(SparrowError) {
    guard token.kind == .blockEnd else { throw unexpected(expected: "'%}'") }
    advance()
  }

  /// Statements up to one of the tags `ends`, whose name is then the current token.
  private mutating func statements(
    until ends: [String]
  ) throws(SparrowError) -> [TemplateStatement] {
    var statements: [TemplateStatement] = []
    while true {
      switch token.kind {
      case .data(let text):
        statements.append(.text(text))
        advance()
      case .variableBegin:
        advance()
        statements.append(.output(try tuple()))
        guard token.kind == .variableEnd else { throw unexpected(expected: "'}}'") }
        advance()
      case .blockBegin:
        advance()
        if case .name(let name) = token.kind, ends.contains(name) { return statements }
        guard blocks < TemplateLimits.blocks else { throw unsupported("blocks nested too deeply") }
        blocks += 1
        statements.append(try statement())
        blocks -= 1
      default:
        guard ends.isEmpty else {
          throw unexpected(expected: ends.map { "'\($0)'" }.joined(separator: " or "))
        }
        return statements
      }
    }
  }

  private mutating func statement() throws(SparrowError) -> TemplateStatement {
    let line = token.line
    let name = try name()
    switch name {
    case "if": return try branch()
    case "for": return try loop()
    case "set": return try assignment()
    case "macro": return try macro(line: line)
    case "break", "continue":
      guard loops > 0 else { throw error("'\(name)' outside a loop", line: line) }
      try endOfBlock()
      return name == "break" ? .break : .continue
    case "elif", "else", "endif", "endfor", "endset", "endmacro":
      throw error("'\(name)' that closes nothing", line: line)
    default: throw unsupported("the tag '\(name)'", line: line)
    }
  }

  private mutating func branch() throws(SparrowError) -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    var otherwise: [TemplateStatement] = []
    repeat {
      let condition = try tuple(conditional: false)
      try endOfBlock()
      branches.append((condition, try statements(until: ["elif", "else", "endif"])))
    } while takeName("elif")
    if takeName("else") {
      try endOfBlock()
      otherwise = try statements(until: ["endif"])
    }
    guard takeName("endif") else { throw unexpected(expected: "'endif'") }
    try endOfBlock()
    return .branch(branches, otherwise)
  }

  private mutating func loop() throws(SparrowError) -> TemplateStatement {
    let target = try target(isLoop: true)
    guard takeName("in") else { throw unexpected(expected: "'in'") }
    let values = try tuple(conditional: false)
    let condition = takeName("if") ? try expression() : nil
    guard !isName("recursive") else { throw unsupported("a recursive loop") }
    try endOfBlock()
    let wasInner = isInner
    isInner = true
    loops += 1
    let body = try statements(until: ["endfor", "else"])
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if takeName("else") {
      try endOfBlock()
      otherwise = try statements(until: ["endfor"])
    }
    isInner = wasInner
    guard takeName("endfor") else { throw unexpected(expected: "'endfor'") }
    try endOfBlock()
    return .loop(
      .init(
        target: target, values: values, condition: condition, body: body, otherwise: otherwise))
  }

  private mutating func assignment() throws(SparrowError) -> TemplateStatement {
    let target = try target(isLoop: false)
    if take("=") {
      let value = try tuple()
      try endOfBlock()
      return .assign(target, value)
    }
    guard !isSymbol("|") else { throw unsupported("a filter on a 'set' block") }
    try endOfBlock()
    let body = try closedStatements(until: "endset")
    return .capture(target, body)
  }

  /// The body of a macro or a `set` block, out of which no loop's `break` leads.
  private mutating func closedStatements(
    until end: String
  ) throws(SparrowError) -> [TemplateStatement] {
    let (outerLoops, wasInner) = (loops, isInner)
    (loops, isInner) = (0, true)
    let body = try statements(until: [end])
    (loops, isInner) = (outerLoops, wasInner)
    advance()
    try endOfBlock()
    return body
  }

  private mutating func target(isLoop: Bool) throws(SparrowError) -> TemplateStatement.Target {
    let line = token.line
    let isBracketed = take("(")
    var names = [try assignable()]
    if !isLoop, !isBracketed, take(".") {
      return .init(kind: .attribute(names[0], try name()), line: line)
    }
    var isTuple = false
    while take(",") {
      isTuple = true
      guard case .name(let name) = token.kind, name != "in" else { break }
      names.append(try assignable())
    }
    if isBracketed { try expect(")") }
    return .init(kind: isTuple ? .tuple(names) : .name(names[0]), line: line)
  }

  private mutating func assignable() throws(SparrowError) -> String {
    let reserved = ["true", "false", "none", "True", "False", "None"]
    if case .name(let name) = token.kind, reserved.contains(name) {
      throw error("an assignment to '\(name)'")
    }
    return try name()
  }

  private mutating func macro(line: Int) throws(SparrowError) -> TemplateStatement {
    guard !isInner else { throw unsupported("a macro inside a loop or macro", line: line) }
    let name = try assignable()
    var parameters: [(name: String, preset: TemplateExpression?)] = []
    try expect("(")
    while !take(")") {
      if !parameters.isEmpty { try expect(",") }
      let parameter = try assignable()
      guard !parameters.contains(where: { $0.name == parameter }), parameter != "caller" else {
        throw unsupported("the macro's parameter '\(parameter)'")
      }
      if take("=") {
        parameters.append((parameter, try expression()))
      } else {
        guard parameters.last?.preset == nil else {
          throw error("a parameter without a default after one that has one")
        }
        parameters.append((parameter, nil))
      }
    }
    try endOfBlock()
    let body = try closedStatements(until: "endmacro")
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }
}
