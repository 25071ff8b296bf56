internal import SparrowCore

extension TemplateInterpreter {
  /// Python's `str(value)`, which output, `~` and many filters take.
  func text(of value: TemplateValue) throws(SparrowError) -> String {
    switch value {
    case .undefined: return ""
    case .text(let text), .markup(let text): return text
    default:
      var text = ""
      try represent(value, in: &text)
      return text
    }
  }

  /// Appends Python's `repr(value)`.
  private func represent(
    _ value: TemplateValue, in out: inout String
  ) throws(SparrowError) {
    try charge(16)
    switch value {
    case .undefined: out += "Undefined"
    case .null: out += "None"
    case .boolean(let value): out += value ? "True" : "False"
    case .integer(let value): out += "\(value)"
    case .number(let value): out += TemplateText.number(value)
    case .text(let text):
      try charge(text.utf8.count * 16)
      out += TemplateText.quoted(text)
    case .list(let list): try represent(list.items, "[", "]", in: &out)
    case .tuple(let list):
      try represent(list.items, "(", list.items.count == 1 ? ",)" : ")", in: &out)
    case .dictionary(let dictionary):
      out += "{"
      for (index, key) in dictionary.keys.enumerated() {
        if index > 0 { out += ", " }
        try represent(.text(key), in: &out)
        out += ": "
        try represent(dictionary.values[index], in: &out)
      }
      out += "}"
    case .markup, .sequence, .namespace, .loop, .macro, .function:
      throw unsupported("the text of \(value.typeName)")
    }
  }

  private func represent(
    _ items: [TemplateValue], _ open: String, _ close: String, in out: inout String
  ) throws(SparrowError) {
    out += open
    for (index, item) in items.enumerated() {
      if index > 0 { out += ", " }
      try represent(item, in: &out)
    }
    out += close
  }

  /// Hugging Face's `tojson`: Python's `json.dumps` with `ensure_ascii` off.
  func json(_ value: TemplateValue, indent: Int?) throws(SparrowError) -> String {
    var text = ""
    try json(value, indent: indent, depth: 0, in: &text)
    return text
  }

  private func json(
    _ value: TemplateValue, indent: Int?, depth: Int, in out: inout String
  ) throws(SparrowError) {
    try charge(16 + (indent ?? 0) * depth)
    switch value {
    case .null: out += "null"
    case .boolean(let value): out += value ? "true" : "false"
    case .integer(let value): out += "\(value)"
    case .number(let value):
      guard value.isFinite else { throw unsupported("infinity in JSON") }
      out += TemplateText.number(value)
    case .text(let text), .markup(let text): try quote(text, in: &out)
    case .list(let list), .tuple(let list):
      out += "["
      for (index, item) in list.items.enumerated() {
        separate(index, indent, depth, in: &out)
        try json(item, indent: indent, depth: depth + 1, in: &out)
      }
      if !list.items.isEmpty { newLine(indent, depth, in: &out) }
      out += "]"
    case .dictionary(let dictionary):
      out += "{"
      for (index, key) in dictionary.keys.enumerated() {
        separate(index, indent, depth, in: &out)
        try quote(key, in: &out)
        out += ": "
        try json(dictionary.values[index], indent: indent, depth: depth + 1, in: &out)
      }
      if !dictionary.keys.isEmpty { newLine(indent, depth, in: &out) }
      out += "}"
    case .undefined, .sequence, .namespace, .loop, .macro, .function:
      throw error("\(value.typeName) in 'tojson'")
    }
  }

  private func separate(_ index: Int, _ indent: Int?, _ depth: Int, in out: inout String) {
    if index > 0 { out += indent == nil ? ", " : "," }
    newLine(indent, depth + 1, in: &out)
  }

  private func newLine(_ indent: Int?, _ depth: Int, in out: inout String) {
    guard let indent else { return }
    out += "\n" + String(repeating: " ", count: indent * depth)
  }

  private func quote(_ text: String, in out: inout String) throws(SparrowError) {
    try charge(text.utf8.count * 16)
    var quoted = String.UnicodeScalarView(["\""])
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted.append(contentsOf: ["\\", scalar])
      case "\n": quoted.append(contentsOf: ["\\", "n"])
      case "\r": quoted.append(contentsOf: ["\\", "r"])
      case "\t": quoted.append(contentsOf: ["\\", "t"])
      case "\u{08}": quoted.append(contentsOf: ["\\", "b"])
      case "\u{0C}": quoted.append(contentsOf: ["\\", "f"])
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted.append(contentsOf: (scalar.value < 16 ? "\\u000" : "\\u00").unicodeScalars)
        quoted.append(contentsOf: digits.unicodeScalars)
      default: quoted.append(scalar)
      }
    }
    quoted.append("\"")
    out += String(quoted)
  }
}
