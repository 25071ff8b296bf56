internal import SparrowCore

/// Hugging Face's `tojson`: Python's `json.dumps`.
struct TemplateJSON {
  /// What stands before elements, once a level; nil for one line.
  var indent: TemplateString?
  var separator: TemplateString = ", "
  var colon: TemplateString = ": "
  var isASCII = false
  var sortsKeys = false

  /// The value as JSON. Throws for what has no form in JSON.
  func text(
    of value: TemplateValue, _ interpreter: TemplateInterpreter
  ) throws(SparrowError) -> TemplateString {
    var text = TemplateString("")
    try write(value, depth: 0, interpreter, in: &text)
    return text
  }

  private func write(
    _ value: TemplateValue, depth: Int, _ interpreter: TemplateInterpreter,
    in out: inout TemplateString
  ) throws(SparrowError) {
    try interpreter.charge(1, .moved)
    try interpreter.charge((indent?.count ?? 0) * depth, .copied)
    switch value {
    case .null, .boolean, .integer, .number: out.append(try scalar(value, interpreter))
    case .text(let text), .markup(let text):
      try interpreter.charge(text.count, .changed)
      out.append(text.jsonQuoted(ascii: isASCII))
    case .list(let list), .tuple(let list):
      out.append("[")
      for (index, item) in list.items.enumerated() {
        separate(index, depth, in: &out)
        try write(item, depth: depth + 1, interpreter, in: &out)
      }
      if !list.items.isEmpty { newLine(depth, in: &out) }
      out.append("]")
    case .dictionary(let dictionary):
      out.append("{")
      for (index, place) in try order(dictionary.keys, interpreter).enumerated() {
        separate(index, depth, in: &out)
        let key = dictionary.keys[place]
        let name = if let text = key.string { text } else { try scalar(key, interpreter) }
        out.append(name.jsonQuoted(ascii: isASCII))
        out.append(colon)
        try write(dictionary.values[place], depth: depth + 1, interpreter, in: &out)
      }
      if !dictionary.keys.isEmpty { newLine(depth, in: &out) }
      out.append("}")
    default: throw interpreter.error("\(value.typeName) in 'tojson'")
    }
  }

  private func order(
    _ keys: [TemplateValue], _ interpreter: TemplateInterpreter
  ) throws(SparrowError) -> [Int] {
    sortsKeys ? try interpreter.order(keys, isReversed: false) : Array(keys.indices)
  }

  private func scalar(
    _ value: TemplateValue, _ interpreter: TemplateInterpreter
  ) throws(SparrowError) -> TemplateString {
    switch value {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return .init("\(value)")
    case .number(let value):
      if value.isNaN { return "NaN" }
      guard value.isFinite else { return value < 0 ? "-Infinity" : "Infinity" }
      return .init(TemplateText.number(value))
    default: throw interpreter.error("\(value.typeName) as a key in 'tojson'")
    }
  }

  private func separate(_ index: Int, _ depth: Int, in out: inout TemplateString) {
    if index > 0 { out.append(separator) }
    newLine(depth + 1, in: &out)
  }

  private func newLine(_ depth: Int, in out: inout TemplateString) {
    guard let indent else { return }
    out.append("\n")
    out.append(.repeating(indent, count: depth))
  }
}
