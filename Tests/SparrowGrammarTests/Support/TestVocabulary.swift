import SparrowGrammar

/// A small vocabulary like a model's: all bytes, pieces of JSON, words and parts of characters.
enum TestVocabulary {
  static let tokens: [[UInt8]?] = {
    var tokens: [[UInt8]?] = [nil, [], nil]
    tokens += (0...255).map { [UInt8($0)] }
    let pieces = [
      "\"", "\":", "\": ", "\": \"", "\",", "\", \"", "\"}", "\"]", "\"]}", "{\"", "{}", "[]", "},",
      "}}", "[{\"", "], \"", "[[", "]]", ", \"", ": ", ", ", "true", "false", "null", "tr", "ue",
      "00", "01", "10", "42", "123", "1.5", "-1", "e", "e+", "E-", ".5", "0.0", "2024", "-0", "\\n",
      "\\\"", "\\u", "\\ud83d", "\\ude00", "\\u00", "the", " the", " a", "name", "age", "é", "ü",
      "日本", "日", "😀", "\n", "\t", "\n\n", "  ", " \"", "abc\"", "x\": 1", "<", "<tool", "_call>",
      "</tool", "</", ">\n", "@", ".com", "id", "na", "me\"", "value", "items", "kind", "list",
      "\"a",
      "\"b\":", "one", "two", "three", "Paris", "Montréal", "2024-", "T", "Z", ":", "12", "30",
    ]
    tokens += pieces.map { Array($0.utf8) }
    // Twins, and tokens that cut characters.
    tokens += [
      Array("the".utf8), [0xF0, 0x9F], [0x98, 0x80], [0xE6, 0x97], [0xA5, 0x22], [0xC3],
    ]
    return tokens
  }()

  static let shared = TokenVocabulary(tokens: tokens)
}
