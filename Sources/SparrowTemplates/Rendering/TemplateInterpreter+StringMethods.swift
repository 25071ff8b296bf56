internal import SparrowCore

extension TemplateInterpreter {
  /// A call of one of Python's methods of strings.
  func call(
    _ method: String, of text: TemplateString, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard method != "format" else { return .text(try formatted(text, arguments)) }
    let takesNames = ["split", "rsplit", "replace", "splitlines"].contains(method)
    guard arguments.named.isEmpty || takesNames else {
      throw error("a named argument of \(name)")
    }
    switch method {
    case "strip", "lstrip", "rstrip":
      let set = try optional(try bind(arguments, ["chars"], to: name)[0], name)
      return .text(
        try strip(text, set, start: method != "rstrip", end: method != "lstrip"))
    case "split", "rsplit":
      let parts = try split(text, arguments, fromEnd: method == "rsplit")
      try charge(parts.count, .moved)
      return .list(TemplateList(parts.map { .text($0) }))
    case "partition", "rpartition":
      let mark = try string(try bind(arguments, ["sep"], required: 1, to: name)[0]!, name)
      guard !mark.isEmpty else { throw error("a split at an empty text") }
      let isLast = method == "rpartition"
      let parts = text.split(at: mark, limit: 1, fromEnd: isLast)
      let all =
        parts.count == 2 ? [parts[0], mark, parts[1]] : isLast ? ["", "", text] : [text, "", ""]
      return .tuple(TemplateList(all.map { .text($0) }))
    case "splitlines":
      let keeps = try bind(arguments, ["keepends"], to: name)[0]?.isTrue == true
      return .list(TemplateList(text.lines(keepingEnds: keeps).map { .text($0) }))
    case "startswith", "endswith":
      guard arguments.positional.count == 1 else {
        throw unsupported("\(name) with \(arguments.positional.count) arguments")
      }
      return .boolean(try has(text, arguments.positional[0], atEnd: method == "endswith", name))
    case "removeprefix", "removesuffix":
      let part = try string(try bind(arguments, ["part"], required: 1, to: name)[0]!, name)
      if method == "removeprefix" {
        let isThere = TemplateText.hasPrefix(text.text, part.text)
        return .text(isThere ? text.slice(part.count..<text.count) : text)
      }
      let isThere = !part.isEmpty && TemplateText.hasSuffix(text.text, part.text)
      return .text(isThere ? text.slice(0..<(text.count - part.count)) : text)
    case "replace":
      let values = try bind(arguments, ["old", "new", "count"], required: 2, to: name)
      return .text(
        try replace(
          text, try string(values[0]!, name), try string(values[1]!, name), try count(values[2])))
    case "find", "rfind", "index", "rindex", "count": return try find(method, text, arguments)
    case "join":
      let values = try bind(arguments, ["values"], required: 1, to: name)
      var parts: [TemplateString] = []
      for item in try elements(of: values[0]!) {
        parts.append(try string(item, "what \(name) is given"))
        try charge(1, .moved)
        try charge(parts[parts.count - 1].count + text.count, .copied)
      }
      return .text(parts.joined(separator: text))
    case "center", "ljust", "rjust", "zfill": return try pad(method, text, arguments)
    default:
      _ = try bind(arguments, [], to: name)
      return try call(method, of: text)
    }
  }

  /// The methods that take no argument.
  private func call(
    _ method: String, of text: TemplateString
  ) throws(SparrowError) -> TemplateValue {
    let scalars = text.text.unicodeScalars
    func all(_ holds: (Unicode.Scalar.Properties) -> Bool) -> TemplateValue {
      .boolean(!text.isEmpty && scalars.allSatisfy { holds($0.properties) })
    }
    switch method {
    case "lower": return .text(text.lowercased)
    case "upper": return .text(text.uppercased)
    case "title": return .text(text.titled)
    case "capitalize": return .text(text.capitalized)
    case "swapcase": return .text(text.swappedCase)
    case "isascii": return .boolean(text.text.utf8.allSatisfy { $0 < 0x80 })
    case "islower", "isupper": return .boolean(isCased(text.text, upper: method == "isupper"))
    case "isspace": return .boolean(!text.isEmpty && scalars.allSatisfy(\.isTemplateSpace))
    case "isalpha": return all(Self.isLetter)
    case "isdecimal": return all { $0.generalCategory == .decimalNumber }
    case "isdigit": return all { $0.numericType == .decimal || $0.numericType == .digit }
    case "isnumeric": return all { $0.numericType != nil }
    case "isalnum": return all { Self.isLetter($0) || $0.numericType != nil }
    default: throw unsupported("the method '\(method)'")
    }
  }

  private static func isLetter(_ properties: Unicode.Scalar.Properties) -> Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Python's `strip`: costs what it removes.
  func strip(
    _ text: TemplateString, _ set: String?, start: Bool = true, end: Bool = true
  ) throws(SparrowError) -> TemplateString {
    try charge(text.count, .copied)
    try charge(set?.utf8.count ?? 0, .changed)
    let stripped = text.stripped(set, start: start, end: end)
    try charge(text.count - stripped.count, .changed)
    return stripped
  }

  func optional(
    _ value: TemplateValue?, _ what: String
  ) throws(SparrowError) -> String? {
    switch value {
    case nil, .some(.null): nil
    case .some(let value): try string(value, what).text
    }
  }

  private func split(
    _ text: TemplateString, _ arguments: TemplateArguments, fromEnd: Bool
  ) throws(SparrowError) -> [TemplateString] {
    let values = try bind(arguments, ["sep", "maxsplit"], to: "the method 'split'")
    let limit = try values[1].map { (value) throws(SparrowError) in
      try integer(value, "'maxsplit'")
    }
    guard let separator = try optional(values[0], "the method 'split'") else {
      return text.words(limit: limit ?? -1, fromEnd: fromEnd)
    }
    guard !separator.isEmpty else { throw error("a split at an empty text") }
    return text.split(at: .init(separator), limit: limit ?? -1, fromEnd: fromEnd)
  }

  private func has(
    _ text: TemplateString, _ part: TemplateValue, atEnd: Bool, _ name: String
  ) throws(SparrowError) -> Bool {
    var parts = [part]
    if case .tuple(let list) = part { parts = list.items }
    for part in parts {
      let part = try string(part, name).text
      try charge(part.utf8.count, .searched)
      if atEnd ? TemplateText.hasSuffix(text.text, part) : TemplateText.hasPrefix(text.text, part) {
        return true
      }
    }
    return false
  }

  /// How often `replace` may: negative means always.
  func count(_ value: TemplateValue?) throws(SparrowError) -> Int {
    switch value {
    case nil, .some(.null): return -1
    case .some(let value): return try integer(value, "'count'")
    }
  }

  func replace(
    _ text: TemplateString, _ old: TemplateString, _ new: TemplateString, _ limit: Int
  ) throws(SparrowError) -> TemplateString {
    try charge(text.count, .searched)
    let places =
      old.isEmpty ? text.count + 1 : TemplateText.places(of: old.text, in: text.text).count
    try charge(places + 1, .moved)
    try charge((places + 1) * new.count, .copied)
    return text.replacing(old, by: new, limit: limit)
  }

  /// Where a part stands, by characters, or how often.
  private func find(
    _ method: String, _ text: TemplateString, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    guard arguments.positional.count == 1 else {
      throw unsupported("\(name) with \(arguments.positional.count) arguments")
    }
    let part = try string(arguments.positional[0], name).text
    guard !part.isEmpty else { throw unsupported("\(name) of an empty text") }
    if method == "count" {
      return .integer(TemplateText.places(of: part, in: text.text).count)
    }
    let isLast = method.hasPrefix("r")
    let place =
      isLast
      ? TemplateText.lastPlaces(of: part, in: text.text, limit: 1).first
      : TemplateText.places(of: part, in: text.text, limit: 1).first
    guard let place else {
      guard method.hasSuffix("find") else { throw error("\(name) of what is not there") }
      return .integer(-1)
    }
    return .integer(text.slice(0..<place).text.unicodeScalars.count)
  }

  private func pad(
    _ method: String, _ text: TemplateString, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let name = "the method '\(method)'"
    let values = try bind(arguments, ["width", "fillchar"], required: 1, to: name)
    let width = try integer(values[0]!, name)
    try charge(max(0, width), .copied)
    guard method != "zfill" else {
      let sign = text.text.utf8.first.map { $0 == 0x2B || $0 == 0x2D } == true ? 1 : 0
      let body = text.slice(sign..<text.count)
      return .text(
        text.slice(0..<sign) + body.padded(to: max(0, width) - sign, with: "0", right: false))
    }
    let fill = try string(values[1] ?? .text(" "), name)
    guard fill.text.unicodeScalars.count == 1 else {
      throw error("more than one character to fill")
    }
    return .text(
      text.padded(to: width, with: fill, left: method != "ljust", right: method != "rjust"))
  }
}
