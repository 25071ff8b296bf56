internal import SparrowCore

extension TemplateInterpreter {
  /// A call of a method of a string or a dictionary.
  func call(
    _ method: TemplateMethod, of value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    switch value {
    case .text(let text): return try call(method, of: text, arguments)
    case .dictionary(let dictionary): return try call(method, of: dictionary, arguments)
    case .undefined(let what):
      throw error("the method '\(method)' of \(what), which is undefined")
    case .markup: throw unsupported("the method '\(method)' of safe text")
    default: throw error("the method '\(method)' of \(value.typeName)")
    }
  }

  private func call(
    _ method: TemplateMethod, of text: String, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard arguments.named.isEmpty || method == .split || method == .replace else {
      throw error("a named argument of \(name)")
    }
    switch method {
    case .strip, .lstrip, .rstrip:
      let values = try bind(arguments, ["chars"], to: name)
      let set = try optional(values[0], name)
      return .text(
        try strip(text, set, start: method != .rstrip, end: method != .lstrip))
    case .split: return try split(text, arguments)
    case .startswith, .endswith:
      guard arguments.positional.count == 1 else {
        throw unsupported("\(name) with \(arguments.positional.count) arguments")
      }
      return .boolean(
        try has(text, arguments.positional[0], atEnd: method == .endswith, name))
    case .replace:
      let values = try bind(arguments, ["old", "new", "count"], required: 2, to: name)
      return .text(
        try replace(
          text, try string(values[0]!, name), try string(values[1]!, name), try count(values[2])))
    case .lower, .upper, .title:
      _ = try bind(arguments, [], to: name)
      try charge(text.utf8.count * 16)
      return .text(
        method == .lower
          ? TemplateText.lowercased(text)
          : method == .upper ? TemplateText.uppercased(text) : TemplateText.titled(text))
    case .get, .items, .keys, .values: throw error("\(name) of a string")
    }
  }

  /// Python's `strip`: costs what it removes.
  func strip(
    _ text: String, _ set: String?, start: Bool = true, end: Bool = true
  ) throws(SparrowError) -> String {
    try charge(text.utf8.count + (set?.utf8.count ?? 0) * 16)
    let stripped = TemplateText.strip(text, set, start: start, end: end)
    try charge((text.utf8.count - stripped.utf8.count) * 16)
    return stripped
  }

  private func optional(
    _ value: TemplateValue?, _ what: String
  ) throws(SparrowError) -> String? {
    switch value {
    case nil, .some(.null): nil
    case .some(let value): try string(value, what)
    }
  }

  private func split(
    _ text: String, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["sep", "maxsplit"], to: "the method 'split'")
    let limit = try values[1].map { (value) throws(SparrowError) in
      try integer(value, "'maxsplit'")
    }
    let separator = try optional(values[0], "the method 'split'")
    guard separator?.isEmpty != true else { throw error("a split at an empty text") }
    try charge(text.utf8.count * 4)
    let parts =
      if let separator {
        TemplateText.split(text, at: separator, limit: limit ?? -1)
      } else { TemplateText.words(text, limit: limit ?? -1) }
    try charge(parts.count * 16)
    return .list(TemplateList(parts.map { .text($0) }))
  }

  private func has(
    _ text: String, _ part: TemplateValue, atEnd: Bool, _ name: String
  ) throws(SparrowError) -> Bool {
    var parts = [part]
    if case .tuple(let list) = part { parts = list.items }
    for part in parts {
      let part = try string(part, name)
      try charge(part.utf8.count * 4)
      if atEnd ? TemplateText.hasSuffix(text, part) : TemplateText.hasPrefix(text, part) {
        return true
      }
    }
    return false
  }

  /// How often `replace` may: nil means always.
  func count(_ value: TemplateValue?) throws(SparrowError) -> Int {
    switch value {
    case nil, .some(.null): return -1
    case .some(let value): return try integer(value, "'count'")
    }
  }

  func replace(
    _ text: String, _ old: String, _ new: String, _ limit: Int
  ) throws(SparrowError) -> String {
    guard !old.isEmpty else { throw unsupported("a replacement of an empty text") }
    try charge(text.utf8.count * 4)
    let parts = TemplateText.split(text, at: old, limit: limit)
    try charge(parts.count * (16 + new.utf8.count))
    return parts.joined(separator: new)
  }

  private func call(
    _ method: TemplateMethod, of dictionary: TemplateDictionary, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard arguments.named.isEmpty else { throw error("a named argument of \(name)") }
    try charge(dictionary.keys.count * 16)
    switch method {
    case .get:
      let values = try bind(arguments, ["key", "default"], required: 1, to: name)
      switch values[0] {
      case .list, .dictionary: throw error("\(values[0]!.typeName) as a dictionary's key")
      default: break
      }
      if let key = values[0]?.string, let value = dictionary[key] { return value }
      return values[1] ?? .null
    case .items, .keys, .values:
      _ = try bind(arguments, [], to: name)
      switch method {
      case .items: return .sequence(TemplateSequence(.view, items(of: dictionary)))
      case .keys: return .sequence(TemplateSequence(.view, dictionary.keys.map { .text($0) }))
      default: return .sequence(TemplateSequence(.view, dictionary.values))
      }
    default: throw error("\(name) of a dictionary")
    }
  }

  func items(of dictionary: TemplateDictionary) -> [TemplateValue] {
    zip(dictionary.keys, dictionary.values).map { .tuple(TemplateList([.text($0), $1])) }
  }
}
