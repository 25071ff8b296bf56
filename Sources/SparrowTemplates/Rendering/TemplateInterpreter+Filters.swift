internal import SparrowCore

extension TemplateInterpreter {
  /// `value|filter(arguments)`.
  func apply(
    _ filter: TemplateFilter, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the filter '\(filter)'"
    switch filter {
    case .default:
      let values = try bind(arguments, ["default_value", "boolean"], to: name)
      if case .undefined = value { return values[0] ?? .text("") }
      return values[1]?.isTrue == true && !value.isTrue ? values[0] ?? .text("") : value
    case .join: return try join(value, arguments)
    case .tojson: return try json(value, arguments)
    case .attr:
      let values = try bind(arguments, ["name"], required: 1, to: name)
      if case .dictionary = value { return .undefined("an attribute of a dictionary") }
      return try attribute(try string(values[0]!, name).text, of: value)
    case .abs, .int, .float, .round: return try number(filter, value, arguments)
    case .capitalize, .center, .escape, .forceescape, .format, .indent, .lower, .replace, .safe,
      .string, .title, .trim, .truncate, .upper, .wordcount:
      return try text(filter, value, arguments)
    case .batch, .slice: return try group(filter, value, arguments)
    case .dictsort: return try sortItems(of: value, arguments)
    case .max, .min: return try extreme(filter, value, arguments)
    case .select, .reject, .selectattr, .rejectattr: return try select(filter, value, arguments)
    case .map: return try map(value, arguments)
    case .sort: return try sort(value, arguments)
    case .sum: return try sum(value, arguments)
    case .unique: return try unique(value, arguments)
    case .first, .items, .last, .length, .list, .reverse:
      _ = try bind(arguments, [], to: name)
      return try apply(filter, to: value)
    }
  }

  /// The filters of lists that take no argument.
  private func apply(
    _ filter: TemplateFilter, to value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch filter {
    case .list: return .list(TemplateList(try storable(try elements(of: value))))
    case .items:
      switch value {
      case .undefined: return .sequence(TemplateSequence(.generator, []))
      case .dictionary(let dictionary):
        try charge(dictionary.keys.count, .paired)
        return .sequence(TemplateSequence(.generator, dictionary.items))
      default:
        let failure = error("the items of \(value.typeName)", expected: "a dictionary")
        return .sequence(TemplateSequence(failure: failure))
      }
    case .length: return .integer(try length(of: value))
    case .first:
      if case .sequence(let sequence) = value {
        return try sequence.take(1).first ?? .undefined("the first of no elements")
      }
      return try elements(of: value).first ?? .undefined("the first of no elements")
    case .reverse:
      if case .text(let text) = value {
        try charge(text.count, .changed)
        return .text(text.characters.reversed().joined())
      }
      let items = try storable(try elements(of: value))
      return .sequence(TemplateSequence(.generator, items.reversed()))
    default:
      if case .sequence(let sequence) = value, sequence.kind.isGenerator {
        throw error("the last of a generator")
      }
      return try elements(of: value).last ?? .undefined("the last of no elements")
    }
  }

  func storable(_ items: [TemplateValue]) throws(SparrowError) -> [TemplateValue] {
    try charge(items.count, .moved)
    for item in items { try checkStorable(item) }
    return items
  }

  func length(of value: TemplateValue) throws(SparrowError) -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text), .markup(let text):
      try charge(text.count, .searched)
      return text.text.unicodeScalars.count
    case .list(let list), .tuple(let list): return list.items.count
    case .dictionary(let dictionary): return dictionary.keys.count
    case .sequence(let sequence) where !sequence.kind.isGenerator: return sequence.items.count
    case .loop(let state): return state.items.count
    default: throw error("the length of \(value.typeName)")
    }
  }

  private func join(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["d", "attribute"], to: "the filter 'join'")
    let separator = try text(of: values[0] ?? .text(""))
    var parts: [TemplateString] = []
    for item in try elements(of: value) {
      var item = item
      if let attribute = values[1], !attribute.isNull { item = try member(attribute, of: item) }
      let part = try text(of: item)
      try charge(1, .moved)
      try charge(part.count + separator.count, .copied)
      parts.append(part)
    }
    return .text(parts.joined(separator: separator))
  }

  private func json(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["ensure_ascii", "indent", "separators", "sort_keys"], to: "the filter 'tojson'")
    var json = TemplateJSON(
      isASCII: values[0]?.isTrue == true, sortsKeys: values[3]?.isTrue == true)
    if let indent = values[1], !indent.isNull {
      if let text = indent.string {
        json.indent = text
      } else {
        let width = max(0, try integer(indent, "'indent'"))
        guard width <= 16 else { throw unsupported("'tojson' with this 'indent'") }
        json.indent = .repeating(" ", count: width)
      }
      json.separator = ","
    }
    if let separators = values[2], !separators.isNull {
      let pair = try elements(of: separators)
      guard pair.count == 2 else { throw error("\(pair.count) separators", expected: "two") }
      json.separator = try string(pair[0], "a separator")
      json.colon = try string(pair[1], "a separator")
    }
    return .text(try json.text(of: value, self))
  }

  /// `batch`, rows of so many elements, or `slice`, so many columns.
  private func group(
    _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the filter '\(filter)'"
    let values = try bind(arguments, ["count", "fill_with"], required: 1, to: name)
    let count = try integer(values[0]!, name)
    let items = try storable(try elements(of: value))
    guard count > 0, count <= TemplateLimits.range else { throw error("\(count) parts") }
    let fill: [TemplateValue] = values[1].map { $0.isNull ? [] : [$0] } ?? []
    try charge(items.count + count, .moved)
    var groups: [[TemplateValue]] = []
    if filter == .batch {
      for start in stride(from: 0, to: items.count, by: count) {
        var row = Array(items[start..<min(start + count, items.count)])
        while !fill.isEmpty, row.count < count { row += fill }
        groups.append(row)
      }
    } else {
      let (size, longer) = items.count.quotientAndRemainder(dividingBy: count)
      var start = 0
      for column in 0..<count {
        let end = start + size + (column < longer ? 1 : 0)
        groups.append(Array(items[start..<end]) + (column >= longer ? fill : []))
        start = end
      }
    }
    return .sequence(
      TemplateSequence(.generator, groups.map { .list(TemplateList($0)) }))
  }

  /// The element that an `attribute` argument names: a key, an index, or several with dots between.
  func member(
    _ attribute: TemplateValue, of value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    guard let path = attribute.string else { return try item(attribute, of: value) }
    var value = value
    try charge(path.count, .copied)
    for part in path.split(at: ".") {
      if part.text.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int(part.text) {
        value = try item(.integer(index), of: value)
      } else {
        value = try item(.text(part), of: value)
      }
    }
    return value
  }
}
