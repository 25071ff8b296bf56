internal import SparrowCore

extension TemplateInterpreter {
  /// What iterating over a value gives.
  func elements(of value: TemplateValue) throws(SparrowError) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .text(let text), .markup(let text):
      try charge(text.count, .changed)
      return text.characters.map { .text($0) }
    case .list(let list), .tuple(let list): return list.items
    case .dictionary(let dictionary):
      try charge(dictionary.keys.count, .moved)
      return dictionary.keys
    case .sequence(let sequence): return try sequence.take()
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
    case .loop(let state): return try attribute(name, of: state)
    case .sequence, .macro, .function, .method:
      guard !Self.otherAttributes.contains(name) else {
        throw unsupported("the attribute '\(name)' of \(value.typeName)")
      }
    default: break
    }
    if let method = method(name, of: value) { return method }
    if case .dictionary(let dictionary) = value {
      try charge(dictionary.keys.count, .moved)
      if let member = dictionary[name] { return member }
    }
    return .undefined("the attribute '\(name)'")
  }

  /// What ranges, views, macros and functions have in Python.
  private static let otherAttributes: Set = [
    "arguments", "caller", "catch_kwargs", "catch_varargs", "count", "index", "isdisjoint",
    "mapping", "name", "start", "step", "stop",
  ]

  /// A method that values of the type have in Python; those that would change the value are kept
  /// from templates.
  private func method(_ name: String, of value: TemplateValue) -> TemplateValue? {
    var names = ""
    var changes = ""
    switch value {
    case .dictionary:
      names = " copy get items keys values fromkeys "
      changes = " clear pop popitem setdefault update "
    case .list:
      names = " copy count index "
      changes = " append clear extend insert pop remove reverse sort "
    case .tuple: names = " count index "
    case .text, .markup:
      names =
        " capitalize casefold center count encode endswith expandtabs find format format_map index "
        + "isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable "
        + "isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix "
        + "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines "
        + "startswith strip swapcase title translate upper zfill "
    case .boolean, .integer:
      names = " as_integer_ratio bit_count bit_length conjugate from_bytes is_integer to_bytes "
    case .number: names = " as_integer_ratio conjugate fromhex hex is_integer "
    default: break
    }
    if TemplateText.contains(names, " \(name) ") {
      return .method(TemplateMethod(name: name, target: value))
    }
    return TemplateText.contains(changes, " \(name) ")
      ? .undefined("'\(name)', which would change \(value.typeName),") : nil
  }

  /// `value[index]`: missing ones are undefined.
  func item(
    _ index: TemplateValue, of value: TemplateValue
  ) throws(SparrowError) -> TemplateValue {
    switch (value, index) {
    case (.undefined(let what), _): throw error("an index into \(what), which is undefined")
    case (.dictionary(let dictionary), _):
      try charge(dictionary.keys.count, .moved)
      if TemplateDictionary.isKey(index), let member = dictionary[index] { return member }
    case (.sequence(let sequence), .integer) where sequence.kind.isRange:
      var place = try integer(index, "an index")
      if place < 0 { place += sequence.items.count }
      return sequence.items.indices.contains(place)
        ? sequence.items[place] : .undefined("an element")
    case (.list(let list), .integer), (.list(let list), .boolean), (.tuple(let list), .integer),
      (.tuple(let list), .boolean):
      var place = try integer(index, "an index")
      if place < 0 { place += list.items.count }
      return list.items.indices.contains(place) ? list.items[place] : .undefined("an element")
    case (.text(let text), .integer), (.text(let text), .boolean):
      try charge(text.count, .searched)
      let scalars = text.text.unicodeScalars
      var place = try integer(index, "an index")
      if place < 0 { place += scalars.count }
      guard place >= 0,
        let found = scalars.index(scalars.startIndex, offsetBy: place, limitedBy: scalars.endIndex),
        found < scalars.endIndex
      else { return .undefined("a character") }
      let start = text.text.utf8.distance(from: text.text.startIndex, to: found)
      return .text(text.slice(start..<(start + UTF8.width(scalars[found]))))
    case (.markup, .integer), (.markup, .boolean): throw unsupported("an index into safe text")
    default: break
    }
    if let name = index.string?.text { return try attribute(name, of: value) }
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
      try charge(text.count, .changed)
      return .text(try slice(text.characters, bounds).joined())
    case .sequence(let sequence):
      guard case .range(let first, _, let step) = sequence.kind else {
        throw error("a slice of \(value.typeName)")
      }
      let (start, stop, stride) = try places(bounds, of: sequence.items.count)
      let kind = TemplateSequence.Kind.range(
        start: first &+ start &* step, stop: first &+ stop &* step, step: step &* stride)
      return .sequence(TemplateSequence(kind, try slice(sequence.items, bounds)))
    case .markup: throw unsupported("a slice of safe text")
    case .undefined(let what): throw error("a slice of \(what), which is undefined")
    default: throw error("a slice of \(value.typeName)")
    }
  }

  private func slice<Item>(
    _ items: [Item], _ bounds: [Int?]
  ) throws(SparrowError) -> [Item] {
    try charge(items.count, .moved)
    let (start, stop, step) = try places(bounds, of: items.count)
    return stride(from: start, to: stop, by: step).map { items[$0] }
  }

  /// The places from which and to which a slice of so many elements goes, and by how many.
  private func places(
    _ bounds: [Int?], of count: Int
  ) throws(SparrowError) -> (start: Int, stop: Int, step: Int) {
    let step = bounds[2] ?? 1
    guard step != 0 else { throw error("a slice with step 0") }
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? count : count - 1
    func clamp(_ bound: Int?, _ preset: Int) -> Int {
      guard let bound else { return preset }
      return min(max(bound < 0 ? bound + count : bound, lowest), highest)
    }
    return (
      clamp(bounds[0], step > 0 ? lowest : highest), clamp(bounds[1], step > 0 ? highest : lowest),
      step
    )
  }
}
