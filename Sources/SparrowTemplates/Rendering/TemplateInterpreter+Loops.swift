internal import SparrowCore

extension TemplateInterpreter {
  /// Runs a loop's body for each element, `level` calls of a recursive loop deep; where there is
  /// none, what its `else` holds, out of which a loop around it may be left.
  func run(
    _ loop: TemplateStatement.Loop, over values: [TemplateValue], _ scope: TemplateScope,
    level: Int
  ) throws(SparrowError) -> Flow {
    let guardedBefore = guarded.count
    defer { guarded.removeLast(guarded.count - guardedBefore) }
    let items = try kept(values, loop, scope)
    guard !items.isEmpty else {
      return try execute(loop.otherwise, TemplateScope(parent: scope))
    }
    let state = TemplateLoopState(items: items, loop: loop, scope: scope, level: level)
    for index in items.indices {
      try enter()
      defer { leave() }
      state.index = index
      let inner = TemplateScope(parent: scope)
      inner["loop"] = .loop(state)
      line = loop.target.line
      try assign(items[index], to: loop.target.kind, inner)
      if try execute(loop.body, inner) == .break { break }
    }
    return .on
  }

  /// The elements for which the loop's condition holds.
  private func kept(
    _ items: [TemplateValue], _ loop: TemplateStatement.Loop, _ scope: TemplateScope
  ) throws(SparrowError) -> [TemplateValue] {
    guard let condition = loop.condition else { return items }
    let outer = watched
    watched = []
    var kept: [TemplateValue] = []
    for item in items {
      let inner = TemplateScope(parent: scope)
      line = loop.target.line
      try assign(item, to: loop.target.kind, inner)
      if try evaluate(condition, inner).isTrue { kept.append(item) }
    }
    guarded += watched ?? []
    watched = outer
    return kept
  }

  /// `loop(values)`: what the loop's body writes for the elements of another list.
  func call(
    _ state: TemplateLoopState, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    guard state.loop.isRecursive else {
      throw error("a call of 'loop'", expected: "a recursive loop")
    }
    let values = try elements(of: try bind(arguments, ["values"], required: 1, to: "'loop'")[0]!)
    let (outer, before) = (output, setAside)
    setAside += outer.count
    output = ""
    _ = try run(state.loop, over: values, state.scope, level: state.level + 1)
    let text = output
    output = outer
    setAside = before
    return .text(text)
  }

  func attribute(
    _ name: String, of state: TemplateLoopState
  ) throws(SparrowError) -> TemplateValue {
    let (index, count) = (state.index, state.items.count)
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(count - index)
    case "revindex0": return .integer(count - index - 1)
    case "first": return .boolean(index == 0)
    case "last": return .boolean(index == count - 1)
    case "length": return .integer(count)
    case "depth": return .integer(state.level + 1)
    case "depth0": return .integer(state.level)
    case "previtem": return index > 0 ? state.items[index - 1] : .undefined("'loop.previtem'")
    case "nextitem":
      return index + 1 < count ? state.items[index + 1] : .undefined("'loop.nextitem'")
    case "cycle", "changed": return .method(TemplateMethod(name: name, target: .loop(state)))
    default: return .undefined("the attribute 'loop.\(name)'")
    }
  }

  func call(
    _ method: String, of state: TemplateLoopState, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = arguments.positional
    guard arguments.named.isEmpty else { throw error("a named argument of 'loop.\(method)'") }
    guard method == "changed" else {
      guard !values.isEmpty else { throw error("'loop.cycle' without values") }
      return values[state.index % values.count]
    }
    if let last = state.last, last.count == values.count {
      var isSame = true
      for (a, b) in zip(last, values) where isSame { isSame = try equal(a, b) }
      if isSame { return .boolean(false) }
    }
    for value in values { try checkStorable(value) }
    state.last = values
    return .boolean(true)
  }
}
