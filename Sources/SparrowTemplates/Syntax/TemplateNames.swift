/// The filters that templates may use.
enum TemplateFilter: String, Sendable {
  case abs, attr, batch, capitalize, center, `default`, dictsort, escape, first, float, forceescape
  case format, indent, int, items, join, last, length, list, lower, map, max, min, reject
  case rejectattr, replace, reverse, round, safe, select, selectattr, slice, sort, string, sum
  case title, tojson, trim, truncate, unique, upper, wordcount

  init?(name: String) {
    switch name {
    case "count": self = .length
    case "d": self = .default
    case "e": self = .escape
    default: self.init(rawValue: name)
    }
  }
}

/// The tests (`is …`) that templates may use.
enum TemplateTest: String, Sendable {
  case boolean, callable, defined, divisibleby, escaped, even, `false`, filter, float, `in`
  case integer, iterable, lower, mapping, none, number, odd, sameas, sequence, string, test, `true`
  case undefined, upper
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="

  init?(name: String) {
    switch name {
    case "eq", "equalto": self = .equal
    case "ne": self = .notEqual
    case "lt", "lessthan": self = .less
    case "le": self = .lessOrEqual
    case "gt", "greaterthan": self = .greater
    case "ge": self = .greaterOrEqual
    default: self.init(rawValue: name)
    }
  }

  /// The comparison with an argument that it is.
  var relation: TemplateRelation? {
    self == .in ? .in : TemplateRelation(rawValue: rawValue)
  }

  /// Arguments beside the value.
  var argumentCount: Int { relation != nil || self == .divisibleby || self == .sameas ? 1 : 0 }
}

/// The functions that templates may call.
enum TemplateFunction: String, Sendable {
  case dict, namespace, raise_exception, range, strftime_now
}
