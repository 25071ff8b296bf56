internal import SparrowCore

/// Filters that compare elements.
extension TemplateInterpreter {
  /// The places of some keys in their order, equal ones as they stood. Throws for keys that have
  /// none.
  func order(_ keys: [TemplateValue], isReversed: Bool) throws(SparrowError) -> [Int] {
    for key in keys {
      try charge(1 + (key.string?.count ?? 0) / 4, .sorted)
      // Reports what has no order before the sort, which must not fail.
      if !(try equal(keys[0], key)) { _ = try isOrdered(keys[0], key, orEqual: false) }
    }
    return keys.indices.sorted { a, b in
      let (low, high) = isReversed ? (keys[b], keys[a]) : (keys[a], keys[b])
      if (try? isOrdered(low, high, orEqual: false)) == true { return true }
      return (try? isOrdered(high, low, orEqual: false)) != true && a < b
    }
  }

  /// What an element is compared by: an attribute of it, in small letters unless case counts.
  private func key(
    _ item: TemplateValue, _ attribute: TemplateValue?, isCaseSensitive: Bool
  ) throws(SparrowError) -> TemplateValue {
    var key = item
    if let attribute, !attribute.isNull { key = try member(attribute, of: item) }
    guard !isCaseSensitive, let text = key.string else { return key }
    try charge(text.count, .changed)
    return .text(text.lowercased)
  }

  func sort(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["reverse", "case_sensitive", "attribute"], to: "the filter 'sort'")
    let items = try elements(of: value)
    let attributes: [TemplateValue?]
    if let path = values[2]?.string, TemplateText.contains(path.text, ",") {
      attributes = path.split(at: ",").map { .text($0) }
    } else {
      attributes = [values[2]]
    }
    var keys: [TemplateValue] = []
    for item in items {
      try checkStorable(item)
      var parts: [TemplateValue] = []
      for attribute in attributes {
        parts.append(try key(item, attribute, isCaseSensitive: values[1]?.isTrue == true))
      }
      keys.append(parts.count == 1 ? parts[0] : .list(TemplateList(parts)))
    }
    let order = try order(keys, isReversed: values[0]?.isTrue == true)
    return .list(TemplateList(order.map { items[$0] }))
  }

  func sortItems(
    of value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["case_sensitive", "by", "reverse"], to: "the filter 'dictsort'")
    guard case .dictionary(let dictionary) = value else {
      throw error("the items of \(value.typeName)", expected: "a dictionary")
    }
    var subjects = dictionary.keys
    if let by = values[1]?.string, !TemplateText.same(by.text, "key") {
      guard TemplateText.same(by.text, "value") else {
        throw error("'dictsort' by '\(by.text)'", expected: "'key' or 'value'")
      }
      subjects = dictionary.values
    }
    var keys: [TemplateValue] = []
    for subject in subjects {
      keys.append(try key(subject, nil, isCaseSensitive: values[0]?.isTrue == true))
    }
    let order = try order(keys, isReversed: values[2]?.isTrue == true)
    let items = dictionary.items
    return .list(TemplateList(order.map { items[$0] }))
  }

  /// `min` or `max`.
  func extreme(
    _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["case_sensitive", "attribute"], to: "the filter '\(filter)'")
    var best: (item: TemplateValue, key: TemplateValue)?
    for item in try elements(of: value) {
      let key = try key(item, values[1], isCaseSensitive: values[0]?.isTrue == true)
      guard let last = best else {
        best = (item, key)
        continue
      }
      let isBetter =
        filter == .min
        ? try isOrdered(key, last.key, orEqual: false)
        : try isOrdered(last.key, key, orEqual: false)
      if isBetter { best = (item, key) }
    }
    return best?.item ?? .undefined("the \(filter) of no elements")
  }

  func unique(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(
      arguments, ["case_sensitive", "attribute"], to: "the filter 'unique'")
    var kept: [TemplateValue] = []
    var keys: [TemplateValue] = []
    for item in try elements(of: value) {
      let key = try key(item, values[1], isCaseSensitive: values[0]?.isTrue == true)
      guard TemplateDictionary.isKey(key) else {
        throw error("\(key.typeName) in the filter 'unique'", expected: "what may be a key")
      }
      var isNew = true
      for other in keys where isNew {
        try charge(1, .moved)
        isNew = !(try equal(other, key))
      }
      guard isNew else { continue }
      try checkStorable(item)
      keys.append(key)
      kept.append(item)
    }
    return .sequence(TemplateSequence(.generator, kept))
  }

  func sum(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(SparrowError) -> TemplateValue {
    let values = try bind(arguments, ["attribute", "start"], to: "the filter 'sum'")
    var total = values[1] ?? .integer(0)
    for item in try elements(of: value) {
      var item = item
      if let attribute = values[0], !attribute.isNull { item = try member(attribute, of: item) }
      if item.string != nil { throw error("a sum of strings", expected: "numbers or lists") }
      total = try arithmetic(.add, total, item)
    }
    return total
  }
}
