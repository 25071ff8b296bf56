internal import SparrowCore

extension TemplateParser {
  mutating func macro() throws(SparrowError) -> TemplateStatement {
    let name = try assignable()
    let parameters = try parameters()
    try endOfBlock()
    let body = try closedStatements(until: "endmacro")
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }

  mutating func callBlock(line: Int) throws(SparrowError) -> TemplateStatement {
    let parameters = isSymbol("(") ? try parameters() : []
    let call = try postfix(try primary())
    guard case .call = call.kind else {
      throw error("a 'call' block without a call", line: line)
    }
    try endOfBlock()
    let body = try closedStatements(until: "endcall")
    return .call(call, caller: TemplateMacro(name: "caller", parameters: parameters, body: body))
  }

  private mutating func parameters() throws(SparrowError) -> [(
    name: String, preset: TemplateExpression?
  )] {
    var parameters: [(name: String, preset: TemplateExpression?)] = []
    try expect("(")
    while !take(")") {
      if !parameters.isEmpty { try expect(",") }
      let parameter = try assignable()
      guard !parameters.contains(where: { $0.name == parameter }) else {
        throw error("the parameter '\(parameter)' twice")
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
    return parameters
  }
}
