internal import SparrowCore

extension TemplateInterpreter {
  /// The filters that make numbers.
  func number(
    _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the filter '\(filter)'"
    switch filter {
    case .int:
      let values = try bind(arguments, ["default", "base"], to: name)
      if let base = values[1], try integer(base, name) != 10 {
        throw unsupported("\(name) of another base than 10")
      }
      return try integer(of: value, values[0] ?? .integer(0))
    case .float:
      let values = try bind(arguments, ["default"], to: name)
      return try float(of: value) ?? values[0] ?? .number(0)
    case .abs:
      _ = try bind(arguments, [], to: name)
      switch value {
      case .boolean, .integer:
        let value = try integer(value, name)
        guard value != .min else { throw unsupported("an integer beyond 64 bits") }
        return .integer(abs(value))
      case .number(let value): return .number(abs(value))
      default: throw error("\(name) of \(value.typeName)")
      }
    default: return try round(value, try bind(arguments, ["precision", "method"], to: name))
    }
  }

  private func float(of value: TemplateValue) throws(SparrowError) -> TemplateValue? {
    switch value {
    case .boolean(let value): return .number(value ? 1 : 0)
    case .integer(let value): return .number(Double(value))
    case .number: return value
    case .text(let text), .markup(let text):
      let digits = try digits(of: text)
      guard !digits.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else { return nil }
      return Double(digits).map { .number($0) }
    case .undefined(let what): throw error("\(what), which is undefined, as a number")
    default: return nil
    }
  }

  private func digits(of text: TemplateString) throws(SparrowError) -> String {
    guard text.count < 256 else { throw unsupported("a long string as a number") }
    let digits = text.stripped(nil).text
    // Python reads digits of all scripts, and underscores between them.
    let isOther = digits.unicodeScalars.contains {
      $0 == "_" || $0.value >= 0x80 && $0.properties.numericType != nil
    }
    guard !isOther else { throw unsupported("'\(digits)' as a number") }
    return digits
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
      let digits = try digits(of: text)
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

  private func round(
    _ value: TemplateValue, _ arguments: [TemplateValue?]
  ) throws(SparrowError) -> TemplateValue {
    let digits = try arguments[0].map { (digits) throws(SparrowError) in
      try integer(digits, "'precision'")
    }
    let method = try string(arguments[1] ?? .text("common"), "'method'").text
    guard ["common", "ceil", "floor"].contains(method) else {
      throw error("rounding by '\(method)'", expected: "common, ceil or floor")
    }
    guard case .number(let number)? = try float(of: value), number.isFinite,
      value.string == nil, (0...15).contains(digits ?? 0)
    else { throw error("a rounding of \(value.typeName)", expected: "a number") }
    if method == "common", case .number = value {
    } else if method == "common" {
      return .integer(try integer(value, "a number"))
    }
    var scale = 1.0
    for _ in 0..<(digits ?? 0) { scale *= 10 }
    let scaled = number * scale
    switch method {
    case "ceil": return .number(scaled.rounded(.up) / scale)
    case "floor": return .number(scaled.rounded(.down) / scale)
    default:
      // Where the product was rounded to a half, its own rest says on which side it lies.
      let rest = (-scaled).addingProduct(number, scale)
      let isHalf = abs(scaled - scaled.rounded(.towardZero)) == 0.5
      let rule: FloatingPointRoundingRule =
        !isHalf || rest == 0 ? .toNearestOrEven : rest > 0 ? .up : .down
      return .number(scaled.rounded(rule) / scale)
    }
  }
}
