internal import SparrowCore

/// Keywords that change what is valid and are not known here: a schema that has one is refused.
/// Unknown words are annotations, as JSON Schema has it.
enum SchemaKeywords {
  /// Refused unless the value says nothing.
  static let refused: [String] = [
    "not", "if", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties",
    "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "uniqueItems",
    "$dynamicRef", "$recursiveRef",
  ]

  /// Whether a refused keyword's value allows everything.
  static func saysNothing(_ key: String, _ value: JSON) -> Bool {
    switch key {
    case "uniqueItems": value == false
    case "unevaluatedProperties", "unevaluatedItems", "propertyNames":
      value == true || value.members?.isEmpty == true
    case "patternProperties", "dependentSchemas", "dependentRequired", "dependencies":
      value.members?.isEmpty == true
    default: false
    }
  }
}
