internal import SparrowCore

/// Builds a template's tree from its tokens by the grammar of Jinja 3.1's `parser.py`; what Sparrow
/// does not know is refused.
struct TemplateParser {
  let file: String
  let tokens: [TemplateToken]
  var at = 0
  /// Calls of the parser within each other, and the loops around a statement.
  var nesting = 0
  private var blocks = 0
  private var loops = 0

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

  mutating func endOfBlock() throws(SparrowError) {
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
    case "macro": return try macro()
    case "call": return try callBlock(line: line)
    case "filter": return try filterBlock(line: line)
    case "with": return try withBlock()
    case "generation":
      try endOfBlock()
      return .scope(try closedStatements(until: "endgeneration"), isNested: true)
    case "block": return try block()
    case "break", "continue":
      guard loops > 0 else { throw error("'\(name)' outside a loop", line: line) }
      try endOfBlock()
      return name == "break" ? .break : .continue
    case "include", "import", "from", "extends":
      while token.kind != .blockEnd, token.kind != .end { advance() }
      try endOfBlock()
      return .refused(name, line: line)
    case "autoescape":
      _ = try expression()
      try endOfBlock()
      _ = try closedStatements(until: "endautoescape")
      return .refused(name, line: line)
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
    let isRecursive = takeName("recursive")
    try endOfBlock()
    loops += 1
    let body = try statements(until: ["endfor", "else"])
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if takeName("else") {
      try endOfBlock()
      otherwise = try statements(until: ["endfor"])
    }
    guard takeName("endfor") else { throw unexpected(expected: "'endfor'") }
    try endOfBlock()
    return .loop(
      .init(
        target: target, values: values, condition: condition, body: body, otherwise: otherwise,
        isRecursive: isRecursive))
  }

  private mutating func assignment() throws(SparrowError) -> TemplateStatement {
    let target = try target(isLoop: false)
    if take("=") {
      let value = try tuple()
      try endOfBlock()
      return .assign(target, value)
    }
    let line = token.line
    let filters = isSymbol("|") ? try filters(Self.body(line)) : nil
    try endOfBlock()
    return .capture(target, filters: filters, try closedStatements(until: "endset"))
  }

  /// What stands for the text of a block that filters are given; no template can write such a name.
  static let bodyName = "the block"

  private static func body(_ line: Int) -> TemplateExpression {
    TemplateExpression(.name(bodyName), [], line: line)
  }

  /// Statements out of which no loop's `break` leads, with the tag that ends them.
  mutating func closedStatements(until end: String) throws(SparrowError) -> [TemplateStatement] {
    let outer = loops
    loops = 0
    let body = try statements(until: [end])
    loops = outer
    advance()
    try endOfBlock()
    return body
  }

  private mutating func filterBlock(line: Int) throws(SparrowError) -> TemplateStatement {
    let filters = try filters(try filter(Self.body(line), line: line))
    try endOfBlock()
    return .filtered(filters, try closedStatements(until: "endfilter"))
  }

  private mutating func withBlock() throws(SparrowError) -> TemplateStatement {
    var values: [(TemplateStatement.Target, TemplateExpression)] = []
    while token.kind != .blockEnd {
      if !values.isEmpty { try expect(",") }
      let target = try target(isLoop: true)
      try expect("=")
      values.append((target, try expression()))
    }
    try endOfBlock()
    let body = try statements(until: ["endwith"])
    advance()
    try endOfBlock()
    return .with(values, body)
  }

  /// `{% block %}`, which without a template that extends this one stands where it is written.
  private mutating func block() throws(SparrowError) -> TemplateStatement {
    let name = try name()
    while takeName("scoped") || takeName("required") {}
    try endOfBlock()
    let outer = loops
    loops = 0
    let body = try statements(until: ["endblock"])
    loops = outer
    advance()
    _ = takeName(name)
    try endOfBlock()
    return .scope(body, isNested: false)
  }

  private mutating func target(isLoop: Bool) throws(SparrowError) -> TemplateStatement.Target {
    let line = token.line
    if !isLoop, case .name(let name) = token.kind, next.kind == .symbol(".") {
      _ = try assignable()
      advance()
      return .init(kind: .attribute(name, try self.name()), line: line)
    }
    return .init(kind: try targets(), line: line)
  }

  /// Names with commas between, which make a tuple, perhaps in brackets.
  private mutating func targets() throws(SparrowError) -> TemplateStatement.Target.Kind {
    try nest()
    defer { nesting -= 1 }
    var parts = [try part()]
    var isTuple = false
    while take(",") {
      isTuple = true
      switch token.kind {
      case .name("in"), .blockEnd, .symbol(")"): break
      default:
        parts.append(try part())
        continue
      }
      break
    }
    return isTuple ? .tuple(parts) : parts[0]
  }

  private mutating func part() throws(SparrowError) -> TemplateStatement.Target.Kind {
    guard take("(") else { return .name(try assignable()) }
    let inner = try targets()
    try expect(")")
    return inner
  }

  mutating func assignable() throws(SparrowError) -> String {
    let reserved = ["true", "false", "none", "True", "False", "None"]
    if case .name(let name) = token.kind, reserved.contains(name) {
      throw error("an assignment to '\(name)'")
    }
    return try name()
  }
}
