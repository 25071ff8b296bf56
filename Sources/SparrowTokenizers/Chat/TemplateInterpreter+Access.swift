internal import SparrowCore

extension TemplateInterpreter {
  /// What iterating over a value gives.
  func elements(of value: TemplateValue) throws(SparrowError) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .text(let text), .markup(let text):
      try charge(text.utf8.count * 16)
      return text.unicodeScalars.map { .text(String($0)) }
    case .list(let list), .tuple(let list): return list.items
    case .dictionary(let dictionary):
      try charge(dictionary.keys.count * 16)
      return dictionary.keys.map { .text($0) }
    case .sequence(let sequence):
      if sequence.kind == .generator {
        guard !sequence.isUsed else { throw unsupported("a second use of a generator") }
        sequence.isUsed = true
        if let failure = sequence.failure { throw failure }
      }
      return sequence.items
    case .loop: throw unsupported("iteration over 'loop'")
    default: throw error("\(value.typeName) to iterate over", expected: "a list")
    }
  }

  /// `value.name`: missing ones are undefined.
  func attribute(
    _ name: String, of value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch value {
    case .undefined(let what):
      throw error("the attribute '\(name)' of \(what), which is undefined")
    case .namespace(let namespace):
      watched?.append(ObjectIdentifier(namespace))
      return namespace.attributes[name] ?? .undefined("the attribute '\(name)'")
    case .loop(let state): return try loopAttribute(name, of: state)
    case .sequence, .macro, .function:
      throw unsupported("the attribute '\(name)' of \(value.typeName)")
    default: break
    }
    guard !Self.isPythonAttribute(name, of: value) else {
      throw unsupported("the attribute '\(name)' of \(value.typeName), which is a method in Python")
    }
    if case .dictionary(let dictionary) = value {
      try charge(16 * dictionary.keys.count)
      if let member = dictionary[name] { return member }
    }
    return .undefined("the attribute '\(name)'")
  }

  /// Names that mean something else in Python than a key.
  private static func isPythonAttribute(_ name: String, of value: TemplateValue) -> Bool {
    let names: String =
      switch value {
      case .dictionary:
        " clear copy fromkeys get items keys pop popitem setdefault update values "
      case .list: " append clear copy count extend index insert pop remove reverse sort "
      case .tuple: " count index "
      case .text, .markup:
        " capitalize casefold center count encode endswith expandtabs find format format_map index "
          + "isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable "
          + "isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix "
          + "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines "
          + "startswith strip swapcase title translate upper zfill escape striptags unescape "
      case .boolean, .integer:
        " as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag is_integer "
          + "numerator real to_bytes "
      case .number:
        " as_integer_ratio conjugate from_number fromhex hex imag is_integer real "
      default: ""
      }
    return TemplateText.contains(names, " \(name) ")
  }

  private func loopAttribute(
    _ name: String, of state: TemplateLoopState
  ) throws(SparrowError) -> TemplateValue {
    let (index, count) = (state.index, state.items.count)
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(count - index)
    case "revindex0": return .integer(count - index - 1)
    case "first": return .boolean(index == 0)
    case "last": return .boolean(index == count - 1)
    case "length": return .integer(count)
    case "previtem": return index > 0 ? state.items[index - 1] : .undefined("'loop.previtem'")
    case "nextitem":
      return index + 1 < count ? state.items[index + 1] : .undefined("'loop.nextitem'")
    default: throw unsupported("the attribute 'loop.\(name)'")
    }
  }

  /// `value[index]`: missing ones are undefined.
  func item(
    _ index: TemplateValue, of value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch (value, index) {
    case (.undefined(let what), _): throw error("an index into \(what), which is undefined")
    case (.namespace, _), (.loop, _), (.sequence, _), (.macro, _), (.function, _):
      throw unsupported("an index into \(value.typeName)")
    case (.dictionary(let dictionary), _):
      try charge(16 * dictionary.keys.count)
      if let key = index.string, let member = dictionary[key] { return member }
    case (.list(let list), .integer), (.list(let list), .boolean), (.tuple(let list), .integer),
      (.tuple(let list), .boolean):
      var place = try integer(index, "an index")
      if place < 0 { place += list.items.count }
      return list.items.indices.contains(place) ? list.items[place] : .undefined("an element")
    case (.text(let text), .integer), (.text(let text), .boolean):
      try charge(text.utf8.count * 4)
      let scalars = text.unicodeScalars
      var place = try integer(index, "an index")
      if place < 0 { place += scalars.count }
      guard place >= 0,
        let found = scalars.index(scalars.startIndex, offsetBy: place, limitedBy: scalars.endIndex),
        found < scalars.endIndex
      else { return .undefined("a character") }
      return .text(String(scalars[found]))
    case (.markup, .integer), (.markup, .boolean): throw unsupported("an index into safe text")
    default: break
    }
    if let name = index.string { return try attribute(name, of: value) }
    return .undefined("an element")
  }

  /// `value[start:stop:step]`, by Python's rules.
  func slice(
    _ value: TemplateValue, _ bounds: [Int?]
  ) throws(SparrowError) -> TemplateValue {
    switch value {
    case .list(let list): return .list(TemplateList(try slice(list.items, bounds)))
    case .tuple(let list): return .tuple(TemplateList(try slice(list.items, bounds)))
    case .text(let text):
      try charge(text.utf8.count * 16)
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: try slice(Array(text.unicodeScalars), bounds))
      return .text(String(scalars))
    case .markup, .sequence: throw unsupported("a slice of \(value.typeName)")
    case .undefined(let what): throw error("a slice of \(what), which is undefined")
    default: throw error("a slice of \(value.typeName)")
    }
  }

  private func slice<Item>(
    _ items: [Item], _ bounds: [Int?]
  ) throws(SparrowError) -> [Item] {
    let step = bounds[2] ?? 1
    guard step != 0 else { throw error("a slice with step 0") }
    try charge(items.count * 16)
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? items.count : items.count - 1
    func clamp(_ bound: Int?, _ preset: Int) -> Int {
      guard let bound else { return preset }
      return min(max(bound < 0 ? bound + items.count : bound, lowest), highest)
    }
    let start = clamp(bounds[0], step > 0 ? lowest : highest)
    let stop = clamp(bounds[1], step > 0 ? highest : lowest)
    return stride(from: start, to: stop, by: step).map { items[$0] }
  }
}
