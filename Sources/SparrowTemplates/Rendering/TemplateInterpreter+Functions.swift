internal import SparrowCore

extension TemplateInterpreter {
  /// A call of one of the functions that Hugging Face and Jinja give to every template.
  func call(
    _ function: TemplateFunction, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "'\(function)'"
    switch function {
    case .raise_exception:
      let values = try bind(arguments, ["message"], required: 1, to: name)
      throw error(try text(of: values[0]!).text, kind: .argument)
    case .namespace:
      let namespace = TemplateNamespace()
      let made = try dictionary(arguments, name)
      for (key, value) in zip(made.keys, made.values) {
        guard let name = key.string?.text else {
          throw error("a name that is no string in \(name)")
        }
        try set(name, of: namespace, to: value)
      }
      return .namespace(namespace)
    case .dict: return .dictionary(try dictionary(arguments, name))
    case .range: return try range(arguments)
    case .strftime_now:
      let values = try bind(arguments, ["format"], required: 1, to: name)
      let format = try string(values[0]!, name)
      try charge(format.count, .changed)
      return .text(try now().formatted(format.text, file: file, line: line))
    }
  }

  /// What Python's `dict(…)` makes: of another dictionary or pairs, and of named arguments.
  private func dictionary(
    _ arguments: TemplateArguments, _ name: String
  ) throws(SparrowError) -> TemplateDictionary {
    guard arguments.positional.count < 2 else { throw error("two arguments of \(name)") }
    var made = TemplateDictionary()
    if case .dictionary(let given)? = arguments.positional.first {
      made = given
    } else if let pairs = arguments.positional.first {
      for pair in try elements(of: pairs) {
        let pair = try elements(of: pair)
        guard pair.count == 2 else { throw error("\(pair.count) values as a pair of \(name)") }
        try set(pair[0], pair[1], in: &made)
      }
    }
    for argument in arguments.named { try set(.text(argument.name), argument.value, in: &made) }
    return made
  }

  private func now() throws(SparrowError) -> TemplateDate {
    guard let date else { return TemplateDate.now() }
    guard let text = date.string, let fixed = TemplateDate(text) else {
      throw SparrowError(
        .argument, file: file, field: "date", found: date.text(),
        expected: "a date such as \"2024-07-26\" or \"2024-07-26T09:30:00\"")
    }
    return fixed
  }

  private func range(_ arguments: TemplateArguments) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["a", "b", "step"], required: 1, to: "'range'")
    guard arguments.named.isEmpty else { throw error("a named argument of 'range'") }
    let first = try integer(values[0]!, "a bound of 'range'")
    var (start, stop, step) = (0, first, 1)
    if let second = values[1] {
      (start, stop) = (first, try integer(second, "a bound of 'range'"))
    }
    if let third = values[2] { step = try integer(third, "a step of 'range'") }
    guard step != 0 else { throw error("a 'range' with step 0") }
    var items: [TemplateValue] = []
    for value in stride(from: start, to: stop, by: step) {
      guard items.count < TemplateLimits.range else {
        throw error("a 'range' of more than \(TemplateLimits.range) numbers")
      }
      items.append(.integer(value))
    }
    try charge(items.count, .moved)
    return .sequence(TemplateSequence(.range(start: start, stop: stop, step: step), items))
  }
}
