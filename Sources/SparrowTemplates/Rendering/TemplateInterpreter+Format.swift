internal import SparrowCore

/// Python's two ways to put values into a text.
extension TemplateInterpreter {
  /// `format % values`: `%s`, `%d` and their kin, without widths.
  func formatted(
    _ format: TemplateString, _ value: TemplateValue
  ) throws(SparrowError) -> TemplateString {
    var values = [value]
    if case .tuple(let list) = value { values = list.items }
    var next = 0
    var parts = format.split(at: "%")
    var out = parts.removeFirst()
    while !parts.isEmpty {
      let part = parts.removeFirst()
      guard let code = part.text.unicodeScalars.first else {
        // `%%`: an empty part, then what follows the second sign.
        guard !parts.isEmpty else { throw error("a format that ends in '%'") }
        out.append("%")
        out.append(parts.removeFirst())
        continue
      }
      guard next < values.count else { throw error("a format with too few values") }
      let value = values[next]
      next += 1
      switch code {
      case "s": out.append(try text(of: value))
      case "r": try represent(value, in: &out)
      case "d", "i":
        guard case .number(let number) = value else {
          out.append(.init("\(try integer(value, "'%\(code)'"))"))
          break
        }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
          throw unsupported("an integer beyond 64 bits")
        }
        out.append(.init("\(whole)"))
      default: throw unsupported("the format '%\(code)'")
      }
      try charge(1, .moved)
      try charge(out.count / 16, .copied)
      out.append(part.slice(UTF8.width(code)..<part.count))
    }
    guard next == values.count || !isTuple(value) && next == 0 && isMapping(value) else {
      throw error("a format with too many values")
    }
    return out
  }

  private func isTuple(_ value: TemplateValue) -> Bool {
    if case .tuple = value { true } else { false }
  }

  private func isMapping(_ value: TemplateValue) -> Bool {
    switch value {
    case .dictionary, .list, .undefined: true
    default: false
    }
  }

  /// `format.format(values)`: `{}`, `{0}` and `{name}`, without formats of their own.
  func formatted(
    _ format: TemplateString, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateString {
    var out = TemplateString("")
    var next = 0
    var at = 0
    let bytes = Array(format.text.utf8)
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
        let end = bytes[at...].firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
        out.append(format.slice(at..<(end ?? bytes.count)))
        at = end ?? bytes.count
        continue
      }
      if at + 1 < bytes.count, bytes[at + 1] == byte {
        out.append(format.slice(at..<(at + 1)))
        at += 2
        continue
      }
      guard byte == UInt8(ascii: "{"),
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "}"))
      else { throw error("a format with a single '{' or '}'") }
      let name = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
      try charge(1, .moved)
      try charge(name.utf8.count, .copied)
      let value = try argument(name, &next, arguments)
      out.append(try text(of: value))
      at = end + 1
    }
    try charge(out.count, .copied)
    return out
  }

  private func argument(
    _ name: String, _ next: inout Int, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    if name.isEmpty || Int(name) != nil {
      let index = Int(name) ?? next
      if name.isEmpty { next += 1 }
      guard arguments.positional.indices.contains(index) else {
        throw error("a format with too few values")
      }
      return arguments.positional[index]
    }
    if let named = arguments.named.first(where: { $0.name == name }) { return named.value }
    guard name.utf8.allSatisfy({ $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "!") }) else {
      throw unsupported("the format '{\(name)}'")
    }
    throw error("a format with the name '\(name)', which has no value")
  }
}
