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
      test = TemplateTest(name: try string(name, "a test's name"))
      guard let test else { throw unsupported("this test in the filter '\(filter)'") }
      guard rest.count == (test.relation == nil ? 0 : 1) else {
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
      let name = try string(arguments.positional[0], "a filter's name")
      guard let filter = TemplateFilter(name: name) else {
        throw unsupported("this filter in 'map'")
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

  func sort(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["reverse", "case_sensitive", "attribute"], to: "the filter 'sort'")
    let items = try elements(of: value)
    var keys: [TemplateValue] = []
    for item in items {
      try checkStorable(item)
      var key = item
      if let attribute = values[2] {
        if let path = attribute.string, TemplateText.contains(path, ",") {
          throw unsupported("a sort by several attributes")
        }
        key = try member(attribute, of: item)
      }
      if case .text(let text) = key, values[1]?.isTrue != true {
        key = .text(TemplateText.lowercased(text))
      }
      try charge(256 * (1 + (key.string?.utf8.count ?? 0) / 4))
      keys.append(key)
      // Reports what has no order before the sort, which must not fail.
      if !(try equal(keys[0], key)) { _ = try isOrdered(keys[0], key, orEqual: false) }
    }
    let isReversed = values[0]?.isTrue == true
    let order = items.indices.sorted { a, b in
      let (low, high) = isReversed ? (keys[b], keys[a]) : (keys[a], keys[b])
      if (try? isOrdered(low, high, orEqual: false)) == true { return true }
      return (try? isOrdered(high, low, orEqual: false)) != true && a < b
    }
    return .list(TemplateList(order.map { items[$0] }))
  }

  /// `value is test`.
  func check(
    _ test: TemplateTest, _ value: TemplateValue, _ arguments: [TemplateValue]
  ) throws(SparrowError) -> Bool {
    if let relation = test.relation, arguments.count == 1 {
      return try holds(relation, value, arguments[0])
    }
    switch (test, value) {
    case (.defined, .undefined): return false
    case (.defined, _): return true
    case (.undefined, .undefined), (.none, .null), (.boolean, .boolean), (.integer, .integer),
      (.float, .number), (.mapping, .dictionary), (.number, .boolean), (.number, .integer),
      (.number, .number), (.string, .text), (.string, .markup):
      return true
    case (.true, .boolean(let value)): return value
    case (.false, .boolean(let value)): return !value
    case (.even, .boolean), (.even, .integer), (.odd, .boolean), (.odd, .integer):
      return (try integer(value, "a number") & 1 == 0) == (test == .even)
    case (.even, _), (.odd, _): throw error("the test '\(test)' of \(value.typeName)")
    case (.iterable, .loop), (.sequence, .loop), (.iterable, .function), (.iterable, .macro):
      throw unsupported("the test '\(test)' of \(value.typeName)")
    case (.iterable, .undefined), (.iterable, .text), (.iterable, .markup), (.iterable, .list),
      (.iterable, .tuple), (.iterable, .dictionary), (.iterable, .sequence):
      return true
    case (.sequence, .sequence(let sequence)): return sequence.kind == .range
    case (.sequence, .undefined), (.sequence, .text), (.sequence, .markup), (.sequence, .list),
      (.sequence, .tuple), (.sequence, .dictionary):
      return true
    default: return false
    }
  }
}
