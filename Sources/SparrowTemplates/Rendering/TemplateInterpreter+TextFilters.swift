internal import SparrowCore

extension TemplateInterpreter {
  /// The filters that make text of a value's text.
  func text(
    _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the filter '\(filter)'"
    switch filter {
    case .replace:
      let values = try bind(arguments, ["old", "new", "count"], required: 2, to: name)
      if case .markup = value { throw unsupported("\(name) on safe text") }
      return .text(
        try replace(
          try text(of: value), try text(of: values[0]!), try text(of: values[1]!),
          try count(values[2])))
    case .trim:
      let values = try bind(arguments, ["chars"], to: name)
      let set = try optional(values[0], name)
      return try change(value, cost: .copied) { (text) throws(SparrowError) in
        try self.strip(text, set)
      }
    case .center:
      let values = try bind(arguments, ["width"], to: name)
      let width = try integer(values[0] ?? .integer(80), name)
      try charge(max(0, width), .copied)
      return try change(value, cost: .copied) { $0.padded(to: width) }
    case .indent: return try indented(value, arguments)
    case .truncate: return try truncated(value, arguments)
    case .format:
      let format = try text(of: value)
      guard arguments.named.isEmpty else { throw unsupported("\(name) of named values") }
      return .text(try formatted(format, .tuple(TemplateList(arguments.positional))))
    default:
      _ = try bind(arguments, [], to: name)
      return try text(filter, value)
    }
  }

  /// Those that take no argument.
  private func text(
    _ filter: TemplateFilter, _ value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch filter {
    case .lower: return try change(value, cost: .changed, \.lowercased)
    case .upper: return try change(value, cost: .changed, \.uppercased)
    case .title: return try change(value, cost: .changed, \.headlined)
    case .capitalize: return try change(value, cost: .changed, \.capitalized)
    case .string: return try change(value, cost: .copied) { $0 }
    case .safe: return .markup(try text(of: value))
    case .escape, .forceescape:
      if case .markup = value, filter == .escape { return value }
      let text = try text(of: value)
      try charge(text.count, .changed)
      return .markup(text.escaped)
    default:
      // Runs of what regular expressions call word characters.
      let text = try text(of: value).text
      try charge(text.utf8.count, .changed)
      var (words, isInside) = (0, false)
      for scalar in text.unicodeScalars {
        let isWord =
          scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || scalar == "_"
        if isWord, !isInside { words += 1 }
        isInside = isWord
      }
      return .integer(words)
    }
  }

  /// A filter of text, which leaves safe text safe.
  private func change(
    _ value: TemplateValue, cost: TemplateCost,
    _ change: (TemplateString) throws(SparrowError) -> TemplateString
  ) throws(SparrowError) -> TemplateValue {
    let text = try text(of: value)
    try charge(text.count, cost)
    if case .markup = value { return .markup(try change(text)) }
    return .text(try change(text))
  }

  private func indented(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["width", "first", "blank"], to: "the filter 'indent'")
    let text = try string(value, "what 'indent' is given")
    var indent: TemplateString
    if let given = values[0]?.string {
      indent = given
    } else {
      let width = try integer(values[0] ?? .integer(4), "'width'")
      try charge(max(0, width), .copied)
      indent = .repeating(" ", count: max(0, width))
    }
    let lines = (text + "\n").lines()
    try charge(lines.count, .moved)
    try charge(lines.count * indent.count, .copied)
    let indentsBlank = values[2]?.isTrue == true
    var out = values[1]?.isTrue == true ? indent : ""
    for (index, line) in lines.enumerated() {
      if index > 0 {
        out.append("\n")
        if indentsBlank || !line.isEmpty { out.append(indent) }
      }
      out.append(line)
    }
    return .text(out)
  }

  private func truncated(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["length", "killwords", "end", "leeway"], to: "the filter 'truncate'")
    let length = try integer(values[0] ?? .integer(255), "'length'")
    if value.string == nil, try self.length(of: value) <= length { return value }
    let text = try string(value, "what 'truncate' is given")
    let end = try string(values[2] ?? .text("..."), "'end'")
    let leeway = values[3].map { $0.isNull ? .integer(5) : $0 } ?? .integer(5)
    let endLength = end.text.unicodeScalars.count
    guard length >= endLength else { throw error("a 'length' shorter than 'end'") }
    try charge(text.count, .changed)
    let characters = text.characters
    let spare = max(0, try integer(leeway, "'leeway'"))
    if characters.count - spare <= length { return .text(text) }
    let kept = characters.prefix(length - endLength).map(\.self).joined()
    if values[1]?.isTrue == true { return .text(kept + end) }
    return .text(kept.split(at: " ", limit: 1, fromEnd: true)[0] + end)
  }
}
