import Sparrow

/// The functions of a request, and whether they must or may be called.
struct ToolSet: Sendable {
  enum Choice: String, CaseIterable {
    case none
    case auto
    case required
  }

  private(set) var tools: [Tool] = []
  private(set) var choice = Choice.none

  /// Functions of a request, at most.
  private static let most = 128

  init(_ fields: RequestFields) throws(APIError) {
    let given = try fields.list("tools") ?? []
    guard given.count <= Self.most else {
      throw fields.refusal("tools", "at most \(Self.most) functions")
    }
    for (index, json) in given.enumerated() {
      guard json.members != nil else { throw fields.refusal("tools", "a list of objects") }
      tools.append(try Tool(RequestFields(json, path: "tools[\(index)].")))
    }
    guard let wish = fields["tool_choice"] else {
      choice = tools.isEmpty ? .none : .auto
      return
    }
    if wish.members != nil {
      try choose(fields)
      return
    }
    choice = try fields.word("tool_choice")!
    guard choice != .required || !tools.isEmpty else {
      throw fields.refusal("tool_choice", "tools to choose from")
    }
  }

  /// Keeps the one function that must be called.
  private mutating func choose(_ fields: RequestFields) throws(APIError) {
    let wish = try fields.object("tool_choice")!
    let name = try (try wish.object("function") ?? wish).text("name")
    guard let tool = tools.first(where: { $0.name == name }) else {
      throw fields.refusal("tool_choice", "the name of one of the tools")
    }
    (tools, choice) = ([tool], .required)
  }

  /// Whether the model is told of them.
  var areShown: Bool { choice != .none && !tools.isEmpty }

  var json: JSON { .array(tools.map(\.json)) }

  /// What an answer may be, given what else is asked of it.
  func grammar(_ format: ToolFormat, or other: TextGrammar?) -> TextGrammar? {
    guard areShown else { return other }
    if choice == .required { return format.grammar(tools) }
    return other.map { .choice([format.grammar(tools), $0]) } ?? format.optional(tools)
  }

  /// Tells a model of the functions whose template does not.
  func text(_ format: ToolFormat) -> String {
    let example = format.text(name: "NAME", arguments: ["PARAMETER": "VALUE"])
    let lines = tools.compactMap { $0.json["function"]?.text() }.joined(separator: "\n")
    return """
      You can call these functions, described one a line:
      \(lines)
      To call one, answer with nothing but:
      \(example)


      """
  }
}
