internal import SparrowCore

/// The values that a call, filter or test is given.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []
}

extension TemplateInterpreter {
  /// The arguments in the order of the parameters' names; nil where there is none.
  func bind(
    _ arguments: TemplateArguments, _ names: [String], required: Int = 0, to callee: String
  ) throws(SparrowError) -> [TemplateValue?] {
    guard arguments.positional.count <= names.count else {
      throw error(
        "\(arguments.positional.count) arguments of \(callee)", expected: "at most \(names.count)")
    }
    var values: [TemplateValue?] = Array(repeating: nil, count: names.count)
    for (index, value) in arguments.positional.enumerated() { values[index] = value }
    for argument in arguments.named {
      guard let index = names.firstIndex(of: argument.name) else {
        throw error("the argument '\(argument.name)' of \(callee)", expected: "a known one")
      }
      guard values[index] == nil else {
        throw error("the argument '\(argument.name)' of \(callee) twice")
      }
      values[index] = argument.value
    }
    for index in 0..<required where values[index] == nil {
      throw error("\(callee) without '\(names[index])'")
    }
    return values
  }

  /// An integer argument or bound; booleans count, as in Python.
  func integer(_ value: TemplateValue, _ what: String) throws(SparrowError) -> Int {
    switch value {
    case .integer(let value): return value
    case .boolean(let value): return value ? 1 : 0
    default: throw error("\(value.typeName) as \(what)", expected: "an integer")
    }
  }

  /// A string argument.
  func string(_ value: TemplateValue, _ what: String) throws(SparrowError) -> TemplateString {
    guard let text = value.string else {
      throw error("\(value.typeName) as \(what)", expected: "a string")
    }
    return text
  }
}
