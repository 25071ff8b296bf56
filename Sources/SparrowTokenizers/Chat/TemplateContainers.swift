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

/// A dictionary in the order of its insertions, found by the keys' bytes; small, so it is searched from the start.
struct TemplateDictionary {
  private(set) var keys: [String] = []
  private(set) var values: [TemplateValue] = []
  private(set) var depth = 1

  subscript(key: String) -> TemplateValue? {
    index(of: key).map { values[$0] }
  }

  private func index(of key: String) -> Int? {
    keys.firstIndex { $0.utf8.elementsEqual(key.utf8) }
  }

  /// Adds a key that is not there yet.
  mutating func append(_ key: String, _ value: TemplateValue) {
    keys.append(key)
    values.append(value)
    depth = max(depth, value.depth + 1)
  }

  /// Changes the value of a key that is there.
  mutating func replace(_ key: String, _ value: TemplateValue) {
    guard let index = index(of: key) else { return }
    values[index] = value
    depth = max(depth, value.depth + 1)
  }
}

/// What a generator, a dictionary's view or a range gives: to iterate over, not to print or index.
final class TemplateSequence {
  enum Kind: String {
    /// Can be iterated over once.
    case generator
    case view, range
  }

  let kind: Kind
  let items: [TemplateValue]
  var isUsed = false
  /// Why there is nothing to iterate over; generators fail only when they are used.
  let failure: SparrowError?

  init(_ kind: Kind, _ items: [TemplateValue]) {
    self.kind = kind
    self.items = items
    failure = nil
  }

  /// A generator over what cannot be iterated over.
  init(failure: SparrowError) {
    kind = .generator
    items = []
    self.failure = failure
  }
}

/// What `namespace()` makes: attributes that assignments inside loops keep.
final class TemplateNamespace {
  var attributes: [String: TemplateValue] = [:]
}

/// The `loop` variable.
final class TemplateLoopState {
  let items: [TemplateValue]
  var index = 0

  init(items: [TemplateValue]) { self.items = items }
}

/// Variables of the template, a loop's turn, or a macro's call.
final class TemplateScope {
  private var variables: [String: TemplateValue] = [:]
  let parent: TemplateScope?

  init(parent: TemplateScope? = nil) { self.parent = parent }

  /// The innermost variable of that name. Names are ASCII, so `String`'s equality is that of their bytes.
  subscript(name: String) -> TemplateValue? {
    get { variables[name] ?? parent?[name] }
    set { variables[name] = newValue }
  }
}
