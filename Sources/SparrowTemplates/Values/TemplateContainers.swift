internal import SparrowCore

/// The elements of a list or tuple.
struct TemplateList {
  let items: [TemplateValue]
  /// Levels of nesting, this one included.
  let depth: Int

  init(_ items: [TemplateValue]) {
    self.items = items
    depth = 1 + (items.lazy.map(\.depth).max() ?? 0)
  }
}

/// A dictionary in the order of its insertions; small, so it is searched from the start.
struct TemplateDictionary {
  private(set) var keys: [TemplateValue] = []
  private(set) var values: [TemplateValue] = []
  private(set) var depth = 1

  subscript(key: TemplateValue) -> TemplateValue? {
    keys.firstIndex { Self.same($0, key) }.map { values[$0] }
  }

  subscript(key: String) -> TemplateValue? {
    keys.firstIndex { $0.string.map { TemplateText.same($0.text, key) } ?? false }
      .map { values[$0] }
  }

  /// Gives a key its value; a key that is there keeps its place.
  mutating func set(_ key: TemplateValue, _ value: TemplateValue) {
    depth = max(depth, value.depth + 1, key.depth + 1)
    if let index = keys.firstIndex(where: { Self.same($0, key) }) {
      values[index] = value
    } else {
      keys.append(key)
      values.append(value)
    }
  }

  /// The pairs of keys and values, as `items` gives them.
  var items: [TemplateValue] { zip(keys, values).map { .tuple(TemplateList([$0, $1])) } }

  /// Python's equality of what may be a key.
  private static func same(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
    if let a = a.string, let b = b.string { return TemplateText.same(a.text, b.text) }
    if let a = number(a), let b = number(b) { return a == b }
    switch (a, b) {
    case (.null, .null): return true
    case (.tuple(let a), .tuple(let b)):
      return a.items.count == b.items.count && zip(a.items, b.items).allSatisfy(same)
    default: return false
    }
  }

  private static func number(_ value: TemplateValue) -> Double? {
    switch value {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Whether a value may be a key.
  static func isKey(_ value: TemplateValue) -> Bool {
    switch value {
    case .null, .boolean, .integer, .number, .text, .markup: true
    case .tuple(let list): list.items.allSatisfy(isKey)
    default: false
    }
  }
}

/// What a generator, a dictionary's view or a range gives.
final class TemplateSequence {
  enum Kind {
    /// Can be iterated over once.
    case generator
    /// Of the type that Python names so, such as `dict_keys`.
    case view(String)
    case range(start: Int, stop: Int, step: Int)

    var isGenerator: Bool { if case .generator = self { true } else { false } }
    var isRange: Bool { if case .range = self { true } else { false } }

    var name: String {
      switch self {
      case .generator: "generator"
      case .view: "view"
      case .range: "range"
      }
    }

  }

  let kind: Kind
  let items: [TemplateValue]
  /// Elements that a generator has given already.
  private var taken = 0
  /// Why there is nothing to iterate over; generators fail only when they are used.
  let failure: SparrowError?
  let depth: Int

  init(_ kind: Kind, _ items: [TemplateValue]) {
    self.kind = kind
    self.items = items
    failure = nil
    depth = 1 + (items.lazy.map(\.depth).max() ?? 0)
  }

  /// A generator over what cannot be iterated over.
  init(failure: SparrowError) {
    kind = .generator
    items = []
    depth = 1
    self.failure = failure
  }

  /// The elements, at most so many; a generator gives each once.
  func take(_ count: Int? = nil) throws(SparrowError) -> [TemplateValue] {
    if let failure { throw failure }
    let rest = items.dropFirst(taken)
    let given = Array(count.map { rest.prefix($0) } ?? rest)
    if kind.isGenerator { taken += given.count }
    return given
  }
}

/// What `namespace()` makes: attributes that assignments inside loops keep.
final class TemplateNamespace {
  var attributes: [String: TemplateValue] = [:]
}

/// The `loop` variable.
final class TemplateLoopState {
  let items: [TemplateValue]
  let loop: TemplateStatement.Loop
  /// Variables outside the loop.
  let scope: TemplateScope
  /// Loops around it that called it, from 0.
  let level: Int
  var index = 0
  /// What `changed` was last given.
  var last: [TemplateValue]?

  init(
    items: [TemplateValue], loop: TemplateStatement.Loop, scope: TemplateScope, level: Int
  ) {
    self.items = items
    self.loop = loop
    self.scope = scope
    self.level = level
  }
}

/// A macro with the variables around its definition, which outlive it: no macro is stored.
final class TemplateClosure {
  let macro: TemplateMacro
  private(set) weak var scope: TemplateScope?

  init(_ macro: TemplateMacro, _ scope: TemplateScope) {
    self.macro = macro
    self.scope = scope
  }
}

/// A method with the value that it is of.
final class TemplateMethod {
  let name: String
  let target: TemplateValue

  init(name: String, target: TemplateValue) {
    self.name = name
    self.target = target
  }
}

/// Variables of the template, a loop's turn, or a macro's call.
final class TemplateScope {
  private var variables: [String: TemplateValue] = [:]
  let parent: TemplateScope?

  init(parent: TemplateScope? = nil) { self.parent = parent }

  /// The innermost variable of that name. Names are ASCII, so `String`'s equality is that of their
  /// bytes.
  subscript(name: String) -> TemplateValue? {
    get { variables[name] ?? parent?[name] }
    set { variables[name] = newValue }
  }
}
