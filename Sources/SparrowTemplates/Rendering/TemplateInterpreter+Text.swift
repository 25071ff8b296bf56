internal import SparrowCore

extension TemplateInterpreter {
  /// Python's `str(value)`, which output, `~` and many filters take.
  func text(of value: TemplateValue) throws(SparrowError) -> TemplateString {
    switch value {
    case .undefined: return ""
    case .text(let text), .markup(let text): return text
    default:
      var text = TemplateString("")
      try represent(value, in: &text)
      return text
    }
  }

  /// Appends Python's `repr(value)`.
  func represent(
    _ value: TemplateValue, in out: inout TemplateString
  ) throws(SparrowError) {
    try charge(1, .moved)
    switch value {
    case .undefined: out.append("Undefined")
    case .null: out.append("None")
    case .boolean(let value): out.append(value ? "True" : "False")
    case .integer(let value): out.append(.init("\(value)"))
    case .number(let value): out.append(.init(TemplateText.number(value)))
    case .text(let text):
      try charge(text.count, .changed)
      out.append(text.quoted)
    case .list(let list): try represent(list.items, "[", "]", in: &out)
    case .tuple(let list):
      try represent(list.items, "(", list.items.count == 1 ? ",)" : ")", in: &out)
    case .dictionary(let dictionary):
      out.append("{")
      for (index, key) in dictionary.keys.enumerated() {
        if index > 0 { out.append(", ") }
        try represent(key, in: &out)
        out.append(": ")
        try represent(dictionary.values[index], in: &out)
      }
      out.append("}")
    case .sequence(let sequence):
      switch sequence.kind {
      case .generator: throw unsupported("the text of \(value.typeName)")
      case .range(let start, let stop, let step):
        out.append(.init("range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))"))
      case .view(let name): try represent(sequence.items, .init(name + "(["), "])", in: &out)
      }
    case .markup(let text):
      try charge(text.count, .changed)
      out.append("Markup(" + text.quoted + ")")
    case .namespace, .loop, .macro, .function, .method:
      throw unsupported("the text of \(value.typeName)")
    }
  }

  private func represent(
    _ items: [TemplateValue], _ open: TemplateString, _ close: TemplateString,
    in out: inout TemplateString
  ) throws(SparrowError) {
    out.append(open)
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(", ") }
      try represent(item, in: &out)
    }
    out.append(close)
  }
}
