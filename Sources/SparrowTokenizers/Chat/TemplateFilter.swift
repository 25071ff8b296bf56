/// The filters that templates may use.
enum TemplateFilter: String, Sendable {
  case `default`, first, int, items, join, last, length, list, lower, map, reject, rejectattr
  case replace, safe, select, selectattr, sort, string, tojson, trim, upper

  init?(name: String) {
    switch name {
    case "count": self = .length
    case "d": self = .default
    default: self.init(rawValue: name)
    }
  }
}

/// The tests (`is …`) that templates may use.
enum TemplateTest: String, Sendable {
  case boolean, defined, even, `false`, float, `in`, integer, iterable, mapping, none, number, odd
  case sequence, string, `true`, undefined
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

  /// Whether it compares with an argument.
  var relation: TemplateRelation? { TemplateRelation(rawValue: rawValue) }
}

/// The methods of strings and dictionaries that templates may call.
enum TemplateMethod: String, Sendable {
  case endswith, get, items, keys, lower, lstrip, replace, rstrip, split, startswith, strip
  case title, upper, values
}

/// The functions that templates may call.
enum TemplateFunction: String, Sendable {
  case namespace, raise_exception, range, strftime_now
}
