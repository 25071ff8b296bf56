public import SparrowCore

/// What a model's text may be.
public indirect enum TextGrammar: Sendable, Equatable {
  /// A JSON value that satisfies a JSON Schema, of which the part in `docs/grammar.md` is known.
  case jsonSchema(JSON)
  /// Any JSON object.
  case jsonObject
  /// This text.
  case literal(String)
  /// One after the other.
  case sequence([TextGrammar])
  /// One of these.
  case choice([TextGrammar])
  /// As many as that; nil is without end.
  case repeated(TextGrammar, least: Int, most: Int?)
  /// Free text to the end, or up to a marker and then the grammar.
  case text(until: String, then: TextGrammar)

  /// A call of a function as most templates write it: an object of `name` and of arguments, under
  /// the key that the model knows, which satisfy a schema.
  public static func functionCall(
    name: String, arguments: JSON, key: String = "arguments"
  ) -> TextGrammar {
    let head = #"{"name": \#(JSON.string(name).text()), \#(JSON.string(key).text()): "#
    return .sequence([.literal(head), .jsonSchema(arguments), .literal("}")])
  }
}
