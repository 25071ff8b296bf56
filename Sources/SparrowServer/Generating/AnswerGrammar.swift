import Sparrow

/// What `response_format` asks of an answer.
enum AnswerGrammar {
  private enum Kind: String, CaseIterable {
    case text
    case json_object
    case json_schema
  }

  /// The grammar that a field asks for; nil for any text. `inner` is where the schema stands:
  /// responses have it beside the type.
  static func read(
    _ fields: RequestFields?, inner: String? = "json_schema"
  ) throws(APIError) -> TextGrammar? {
    guard let fields else { return nil }
    guard let kind = try fields.word("type", Kind.self) else {
      throw fields.refusal("type", "text, json_object or json_schema")
    }
    switch kind {
    case .text: return nil
    case .json_object: return .jsonObject
    case .json_schema:
      let holder = try inner.map { name throws(APIError) in
        guard let holder = try fields.object(name) else {
          throw fields.refusal(name, "an object with a schema")
        }
        return holder
      }
      guard let schema = (holder ?? fields)["schema"] else {
        throw (holder ?? fields).refusal("schema", "a JSON schema")
      }
      return .jsonSchema(schema)
    }
  }
}

extension ModelService {
  /// A grammar's constraint for the model's tokens; refused by the name of the field that asks for
  /// it, now or when its masks take too long.
  func constraint(_ grammar: TextGrammar, field: String) throws(APIError) -> TokenConstraint {
    do throws(SparrowError) {
      return try compiled(grammar).constraint(field: field)
    } catch {
      throw APIError(error, field: field)
    }
  }
}
