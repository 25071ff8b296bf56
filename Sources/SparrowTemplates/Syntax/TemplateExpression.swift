/// A node of an expression.
final class TemplateExpression: Sendable {
  enum Kind: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case conditional(
      TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    case arithmetic(TemplateOperator, TemplateExpression, TemplateExpression)
    case concatenation([TemplateExpression])
    case comparison(TemplateExpression, [(relation: TemplateRelation, TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, [TemplateExpression?])
    case call(TemplateExpression, Arguments)
    /// By their names: unknown ones fail when they are reached.
    case filter(TemplateExpression, String, Arguments)
    case test(TemplateExpression, String, Arguments)
  }

  /// What a call, filter or test is given.
  struct Arguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
    /// `*list` and `**dictionary`.
    var list: TemplateExpression?
    var dictionary: TemplateExpression?

    var all: [TemplateExpression] {
      positional + named.map(\.value) + [list, dictionary].compactMap(\.self)
    }
  }

  let kind: Kind
  let children: [TemplateExpression]
  let line: Int
  /// Nodes from here to the deepest leaf.
  let depth: Int

  init(_ kind: Kind, _ children: [TemplateExpression], line: Int) {
    self.kind = kind
    self.children = children
    self.line = line
    depth = 1 + (children.lazy.map(\.depth).max() ?? 0)
  }

  /// Whether it reads a variable, or applies something to what it reads.
  var isAccess: Bool {
    switch kind {
    case .name, .attribute, .item, .slice, .call, .filter, .test: true
    default: false
    }
  }
}

/// Arithmetic between two values.
enum TemplateOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

/// A comparison of two values.
enum TemplateRelation: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case `in` = "in"
  case notIn = "not in"
}
