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
    case .int:
      let values = try bind(arguments, ["default"], to: name)
      return try integer(of: value, values[0] ?? .integer(0))
    case .join: return try join(value, arguments)
    case .replace:
      let values = try bind(arguments, ["old", "new", "count"], required: 2, to: name)
      if case .markup = value { throw unsupported("\(name) on safe text") }
      return .text(
        try replace(
          try text(of: value), try text(of: values[0]!), try text(of: values[1]!),
          try count(values[2])))
    case .tojson: return try json(value, arguments)
    case .trim:
      let values = try bind(arguments, ["chars"], to: name)
      let set: String? =
        switch values[0] {
        case nil, .some(.null): nil
        case .some(let value): try string(value, name)
        }
      let text = try strip(try text(of: value), set)
      if case .markup = value { return .markup(text) }
      return .text(text)
    case .lower, .upper, .string, .safe, .list, .items, .length, .first, .last:
      _ = try bind(arguments, [], to: name)
      return try apply(filter, to: value)
    case .select, .reject, .selectattr, .rejectattr: return try select(filter, value, arguments)
    case .map: return try map(value, arguments)
    case .sort: return try sort(value, arguments)
    }
  }

  /// The filters that take no argument.
  private func apply(
    _ filter: TemplateFilter, to value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch filter {
    case .lower: return try change(value, cost: 16, TemplateText.lowercased)
    case .upper: return try change(value, cost: 16, TemplateText.uppercased)
    case .string: return try change(value, cost: 0) { $0 }
    case .safe: return .markup(try text(of: value))
    case .list: return .list(TemplateList(try storable(try elements(of: value))))
    case .items:
      switch value {
      case .undefined: return .sequence(TemplateSequence(.generator, []))
      case .dictionary(let dictionary):
        try charge(dictionary.keys.count * 32)
        return .sequence(TemplateSequence(.generator, items(of: dictionary)))
      default:
        let failure = error("the items of \(value.typeName)", expected: "a dictionary")
        return .sequence(TemplateSequence(failure: failure))
      }
    case .length: return .integer(try length(of: value))
    case .first: return try elements(of: value).first ?? .undefined("the first of no elements")
    default:
      if case .sequence(let sequence) = value, sequence.kind == .generator {
        throw error("the last of a generator")
      }
      return try elements(of: value).last ?? .undefined("the last of no elements")
    }
  }

  private func change(
    _ value: TemplateValue, cost: Int, _ change: (String) -> String
  ) throws(SparrowError) -> TemplateValue {
    let text = try text(of: value)
    try charge(text.utf8.count * cost)
    if case .markup = value { return .markup(change(text)) }
    return .text(change(text))
  }

  private func storable(_ items: [TemplateValue]) throws(SparrowError) -> [TemplateValue] {
    try charge(items.count * 16)
    for item in items { try checkStorable(item) }
    return items
  }

  func length(of value: TemplateValue) throws(SparrowError) -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text), .markup(let text):
      try charge(text.utf8.count * 4)
      return text.unicodeScalars.count
    case .list(let list), .tuple(let list): return list.items.count
    case .dictionary(let dictionary): return dictionary.keys.count
    case .sequence(let sequence) where sequence.kind != .generator: return sequence.items.count
    case .loop: throw unsupported("the length of 'loop'")
    default: throw error("the length of \(value.typeName)")
    }
  }

  private func integer(
    of value: TemplateValue, _ preset: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch value {
    case .boolean, .integer: return .integer(try integer(value, "an integer"))
    case .number(let value):
      guard value.isFinite else { return preset }
      return .integer(try whole(value))
    case .text(let text), .markup(let text):
      guard text.utf8.count < 256 else { throw unsupported("a long string as an integer") }
      let digits = TemplateText.strip(text, nil)
      guard digits.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "_") }) else {
        throw unsupported("'\(digits)' as an integer")
      }
      if let value = Int(digits) { return .integer(value) }
      guard !digits.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }),
        let value = Double(digits), value.isFinite
      else { return preset }
      return .integer(try whole(value))
    case .undefined(let what): throw error("\(what), which is undefined, as an integer")
    default: return preset
    }
  }

  private func whole(_ value: Double) throws(SparrowError) -> Int {
    guard let integer = Int(exactly: value.rounded(.towardZero)) else {
      throw unsupported("an integer beyond 64 bits")
    }
    return integer
  }

  private func join(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["d", "attribute"], to: "the filter 'join'")
    let separator = try text(of: values[0] ?? .text(""))
    var parts: [String] = []
    for item in try elements(of: value) {
      var item = item
      if let attribute = values[1], case .null = attribute {
      } else if let attribute = values[1] {
        item = try member(attribute, of: item)
      }
      let part = try text(of: item)
      try charge(16 + part.utf8.count + separator.utf8.count)
      parts.append(part)
    }
    return .text(parts.joined(separator: separator))
  }

  private func json(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["ensure_ascii", "indent"], to: "the filter 'tojson'")
    guard values[0]?.isTrue != true else { throw unsupported("'tojson' with 'ensure_ascii'") }
    var indent: Int?
    switch values[1] {
    case nil, .some(.null): break
    case .some(let value):
      indent = try integer(value, "'indent'")
      guard (0...16).contains(indent ?? 0) else { throw unsupported("'tojson' with this 'indent'") }
    }
    return .text(try json(value, indent: indent))
  }

  /// The element that an `attribute` argument names: a key, an index, or several with dots between.
  func member(
    _ attribute: TemplateValue, of value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    guard let path = attribute.string else { return try item(attribute, of: value) }
    var value = value
    try charge(path.utf8.count)
    for part in TemplateText.split(path, at: ".") {
      if part.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int(part) {
        value = try item(.integer(index), of: value)
      } else {
        value = try item(.text(part), of: value)
      }
    }
    return value
  }
}
