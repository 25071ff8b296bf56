internal import SparrowCore

/// A value while a template is rendered, with Python's meaning.
enum TemplateValue {
  /// What a missing variable or attribute gives; the text says what was missing.
  case undefined(String)
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(TemplateString)
  /// Text that `safe` has marked: what is added to it is escaped as HTML, as Jinja does.
  case markup(TemplateString)
  case list(TemplateList)
  case tuple(TemplateList)
  case dictionary(TemplateDictionary)
  case sequence(TemplateSequence)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case macro(TemplateClosure)
  case function(TemplateFunction)
  /// A method of a value, not called yet.
  case method(TemplateMethod)

  /// Text of the template itself.
  static func text(_ text: String) -> TemplateValue { .text(TemplateString(text)) }

  /// A caller's variable, whose texts are the conversation's; but roles stand in the template's own
  /// marks.
  init(_ json: JSON, name: String, depth: Int = 0, isRole: Bool = false) throws(SparrowError) {
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
    case .string(let value): self = isRole ? .role(value) : .text(.init(value, isData: true))
    case .array(let items):
      var values: [TemplateValue] = []
      for item in items { values.append(try TemplateValue(item, name: name, depth: depth + 1)) }
      self = .list(TemplateList(values))
    case .object(let members):
      var dictionary = TemplateDictionary()
      for member in members {
        let isRole = member.key == "role"
        let value = try TemplateValue(
          member.value, name: name, depth: depth + 1, isRole: isRole)
        dictionary.set(.text(.init(member.key, isData: true)), value)
      }
      self = .dictionary(dictionary)
    }
  }

  /// A role: the template's text where it is one plain word, as `user`, of which marks such as
  /// `<|user|>` are made.
  static func role(_ name: String) -> TemplateValue {
    let isWord = name.utf8.allSatisfy { byte in
      switch byte | 0x20 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      }
    }
    return .text(.init(name, isData: !isWord))
  }

  /// The characters of a string, marked or not.
  var string: TemplateString? {
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
    case .sequence(let sequence): sequence.depth
    default: 0
    }
  }

  /// Whether it may be put into a list or dictionary: references may not, lest values form cycles.
  var isStorable: Bool {
    switch self {
    case .namespace, .loop, .macro, .method: false
    default: true
    }
  }

  var isNull: Bool { if case .null = self { true } else { false } }

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
    case .sequence(let sequence): sequence.kind.isGenerator || !sequence.items.isEmpty
    case .namespace, .loop, .macro, .function, .method: true
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
    case .sequence(let sequence): "a \(sequence.kind.name)"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .macro(let closure): "the macro '\(closure.macro.name)'"
    case .function(let function): "the function '\(function)'"
    case .method(let method): "the method '\(method.name)'"
    }
  }
}
