internal import SparrowCore

extension TemplateInterpreter {
  /// A call of a method of a string, list, dictionary or loop.
  func call(
    _ method: TemplateMethod, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    switch method.target {
    case .text(let text):
      try charge(text.count, .changed)
      return try call(method.name, of: text, arguments)
    case .markup(let text) where Self.safeMethods.contains(method.name):
      try charge(text.count, .changed)
      return try safe(try call(method.name, of: text, arguments))
    case .dictionary(let dictionary): return try call(method.name, of: dictionary, arguments)
    case .list(let list), .tuple(let list): return try call(method.name, of: list, arguments)
    case .loop(let state): return try call(method.name, of: state, arguments)
    default: throw unsupported("the method '\(method.name)' of \(method.target.typeName)")
    }
  }

  /// Methods whose text is as safe as the text that they are of.
  private static let safeMethods: Set = [
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "swapcase", "split",
    "rsplit", "splitlines", "startswith", "endswith", "find", "rfind", "count", "isspace",
    "isalpha", "isdigit", "isalnum", "isnumeric", "isdecimal", "islower", "isupper", "isascii",
  ]

  private func safe(_ value: TemplateValue) throws(SparrowError) -> TemplateValue {
    switch value {
    case .text(let text): return .markup(text)
    case .list(let list):
      var items: [TemplateValue] = []
      for item in list.items { items.append(try safe(item)) }
      return .list(TemplateList(items))
    default: return value
    }
  }

  private func call(
    _ method: String, of dictionary: TemplateDictionary, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard arguments.named.isEmpty else { throw error("a named argument of \(name)") }
    try charge(dictionary.keys.count, .moved)
    switch method {
    case "get":
      let values = try bind(arguments, ["key", "default"], required: 1, to: name)
      guard case .undefined = values[0]! else {
        guard TemplateDictionary.isKey(values[0]!) else {
          throw error("\(values[0]!.typeName) as a dictionary's key")
        }
        return dictionary[values[0]!] ?? values[1] ?? .null
      }
      return values[1] ?? .null
    case "items", "keys", "values", "copy":
      _ = try bind(arguments, [], to: name)
      switch method {
      case "items":
        return .sequence(TemplateSequence(.view("dict_items"), dictionary.items))
      case "keys": return .sequence(TemplateSequence(.view("dict_keys"), dictionary.keys))
      case "values": return .sequence(TemplateSequence(.view("dict_values"), dictionary.values))
      default: return .dictionary(dictionary)
      }
    default: throw unsupported("\(name) of a dictionary")
    }
  }

  private func call(
    _ method: String, of list: TemplateList, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard method != "copy" else {
      _ = try bind(arguments, [], to: name)
      return .list(list)
    }
    let value = try bind(arguments, ["value"], required: 1, to: name)[0]!
    var places: [Int] = []
    for (index, item) in list.items.enumerated() {
      try charge(1, .moved)
      if try equal(item, value) { places.append(index) }
    }
    if method == "count" { return .integer(places.count) }
    guard let first = places.first else { throw error("\(name) of what is not there") }
    return .integer(first)
  }
}
