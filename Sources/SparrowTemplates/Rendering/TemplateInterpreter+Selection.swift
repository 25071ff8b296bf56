internal import SparrowCore

extension TemplateInterpreter {
  /// `select`, `reject` and their forms that look at an attribute.
  func select(
    _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    var rest = arguments.positional[...]
    var attribute: TemplateValue?
    if filter == .selectattr || filter == .rejectattr {
      attribute = rest.popFirst()
      if attribute == nil { throw error("the filter '\(filter)' without an attribute") }
    }
    var test: TemplateTest?
    if let name = rest.popFirst() {
      let name = try string(name, "a test's name").text
      test = TemplateTest(name: name)
      guard let test else { throw unsupported("the test '\(name)'") }
      guard rest.count == test.argumentCount else {
        throw error("the test '\(test.rawValue)' with \(rest.count) arguments")
      }
    }
    guard isIterable(value) else { return failing(value) }
    let isKept = filter == .select || filter == .selectattr
    var kept: [TemplateValue] = []
    for item in try elements(of: value) {
      try enter()
      var subject = item
      if let attribute { subject = try member(attribute, of: item) }
      let holds = if let test { try check(test, subject, Array(rest)) } else { subject.isTrue }
      if holds == isKept { kept.append(item) }
      leave()
    }
    return .sequence(TemplateSequence(.generator, kept))
  }

  func map(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    guard isIterable(value) else { return failing(value) }
    var mapped: [TemplateValue] = []
    if arguments.positional.isEmpty {
      let values = try bind(
        arguments, ["attribute", "default"], required: 1, to: "the filter 'map'")
      for item in try elements(of: value) {
        try enter()
        var member = try member(values[0]!, of: item)
        if case .undefined = member, let preset = values[1] { member = preset }
        mapped.append(member)
        leave()
      }
    } else {
      let name = try string(arguments.positional[0], "a filter's name").text
      guard let filter = TemplateFilter(name: name) else {
        throw unsupported("the filter '\(name)'")
      }
      var rest = arguments
      rest.positional.removeFirst()
      for item in try elements(of: value) {
        try enter()
        mapped.append(try apply(filter, to: item, rest))
        leave()
      }
    }
    return .sequence(TemplateSequence(.generator, mapped))
  }

  private func isIterable(_ value: TemplateValue) -> Bool {
    switch value {
    case .null, .boolean, .integer, .number: false
    default: true
    }
  }

  /// What is false, such as none, counts as empty here; the rest fails once the generator is used.
  private func failing(_ value: TemplateValue) -> TemplateValue {
    guard value.isTrue else { return .sequence(TemplateSequence(.generator, [])) }
    let failure = error("\(value.typeName) to iterate over", expected: "a list")
    return .sequence(TemplateSequence(failure: failure))
  }

  /// `value is test`.
  func check(
    _ test: TemplateTest, _ value: TemplateValue, _ arguments: [TemplateValue]
  ) throws(SparrowError) -> Bool {
    if let relation = test.relation { return try holds(relation, value, arguments[0]) }
    switch (test, value) {
    case (.defined, .undefined): return false
    case (.defined, _): return true
    case (.undefined, .undefined), (.none, .null), (.boolean, .boolean), (.integer, .integer),
      (.float, .number), (.mapping, .dictionary), (.number, .boolean), (.number, .integer),
      (.number, .number), (.string, .text), (.string, .markup), (.escaped, .markup),
      (.callable, .function), (.callable, .macro), (.callable, .method),
      (.callable, .undefined):
      return true
    case (.true, .boolean(let value)): return value
    case (.false, .boolean(let value)): return !value
    case (.even, .boolean), (.even, .integer), (.odd, .boolean), (.odd, .integer):
      return (try integer(value, "a number") & 1 == 0) == (test == .even)
    case (.divisibleby, _):
      let rest = try arithmetic(.remainder, value, arguments[0])
      return try equal(rest, .integer(0))
    case (.even, .number), (.odd, .number):
      let rest = try arithmetic(.remainder, value, .integer(2))
      return try equal(rest, .integer(test == .even ? 0 : 1))
    case (.even, _), (.odd, _): throw error("the test '\(test)' of \(value.typeName)")
    case (.filter, _): return value.string.map { TemplateFilter(name: $0.text) != nil } ?? false
    case (.test, _): return value.string.map { TemplateTest(name: $0.text) != nil } ?? false
    case (.lower, _), (.upper, _):
      let text = try text(of: value).text
      try charge(text.utf8.count, .changed)
      return isCased(text, upper: test == .upper)
    case (.sameas, _): return try isSame(value, arguments[0])
    case (.iterable, .loop), (.sequence, .loop), (.callable, .loop):
      throw unsupported("the test '\(test)' of \(value.typeName)")
    case (.iterable, .undefined), (.iterable, .text), (.iterable, .markup), (.iterable, .list),
      (.iterable, .tuple), (.iterable, .dictionary), (.iterable, .sequence):
      return true
    case (.sequence, .sequence(let sequence)): return sequence.kind.isRange
    case (.sequence, .undefined), (.sequence, .text), (.sequence, .markup), (.sequence, .list),
      (.sequence, .tuple), (.sequence, .dictionary):
      return true
    default: return false
    }
  }

  /// Python's `islower` or `isupper`.
  func isCased(_ text: String, upper: Bool) -> Bool {
    let cased = text.unicodeScalars.filter(\.properties.isCased)
    return !cased.isEmpty
      && cased.allSatisfy { upper ? $0.properties.isUppercase : $0.properties.isLowercase }
  }

  /// Python's `is` for the values that are the only ones of their kind.
  private func isSame(
    _ value: TemplateValue, _ other: TemplateValue
  ) throws(SparrowError) -> Bool {
    switch (value, other) {
    case (.null, .null): true
    case (.boolean(let a), .boolean(let b)): a == b
    case (.null, _), (_, .null), (.boolean, _), (_, .boolean): false
    default: throw unsupported("the test 'sameas' of \(value.typeName)")
    }
  }
}
