internal import SparrowCore

/// A value while a template is rendered, with Python's meaning.
enum TemplateValue {
  /// What a missing variable or attribute gives; the text says what was missing.
  case undefined(String)
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// Text that `safe` has marked: what is added to it is escaped as HTML, as Jinja does.
  case markup(String)
  case list(TemplateList)
  case tuple(TemplateList)
  case dictionary(TemplateDictionary)
  case sequence(TemplateSequence)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case macro(TemplateMacro)
  case function(TemplateFunction)

  /// A caller's variable.
  init(_ json: JSON, name: String, depth: Int) throws(SparrowError) {
    guard depth < TemplateLimits.valueDepth - 1 else {
      throw SparrowError(
        .argument, field: name, found: "a variable nested too deeply",
        expected: "at most \(TemplateLimits.valueDepth - 1) levels")
    }
    switch json {
    case .null: self = .null
    case .bool(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .text(value)
    case .array(let items):
      var values: [TemplateValue] = []
      for item in items { values.append(try TemplateValue(item, name: name, depth: depth + 1)) }
      self = .list(TemplateList(values))
    case .object(let members):
      var dictionary = TemplateDictionary()
      for member in members {
        let value = try TemplateValue(member.value, name: name, depth: depth + 1)
        if dictionary[member.key] != nil {
          dictionary.replace(member.key, value)
        } else {
          dictionary.append(member.key, value)
        }
      }
      self = .dictionary(dictionary)
    }
  }

  /// The characters of a string, marked or not.
  var string: String? {
    switch self {
    case .text(let text), .markup(let text): text
    default: nil
    }
  }

  /// Lists and dictionaries from here to the deepest.
  var depth: Int {
    switch self {
    case .list(let list), .tuple(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    default: 0
    }
  }

  /// Whether it may be put into a list or dictionary: references may not, lest values form cycles.
  var isStorable: Bool {
    switch self {
    case .sequence, .namespace, .loop, .macro, .function: false
    default: true
    }
  }

  /// Python's `bool(value)`.
  var isTrue: Bool {
    switch self {
    case .undefined, .null: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .text(let text), .markup(let text): !text.isEmpty
    case .list(let list), .tuple(let list): !list.items.isEmpty
    case .dictionary(let dictionary): !dictionary.keys.isEmpty
    case .sequence(let sequence): sequence.kind == .generator || !sequence.items.isEmpty
    case .namespace, .loop, .macro, .function: true
    }
  }

  /// How an error message names its type.
  var typeName: String {
    switch self {
    case .undefined: "an undefined value"
    case .null: "none"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .text, .markup: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .sequence(let sequence): "a \(sequence.kind)"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .macro(let macro): "the macro '\(macro.name)'"
    case .function(let function): "the function '\(function)'"
    }
  }
}
