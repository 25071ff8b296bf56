internal import SparrowCore

/// A token that is cut out of the text before anything else.
struct AddedToken: Sendable {
  let id: Int32
  /// As written in the text.
  var text: [UInt8]
  /// Matched only when special tokens are parsed.
  var isSpecial: Bool
  /// Swallows the white space on its left.
  var stripsLeft = false
  /// Swallows the white space on its right.
  var stripsRight = false
  /// Matched in normalised text, after those that are matched in the text as it is.
  var isNormalized = false
  /// Matched only where no letter, digit or underscore stands beside it.
  var isSingleWord = false
}

extension AddedToken {
  /// A token as `tokenizer.json` and `tokenizer_config.json` describe it.
  init(json: JSON, id: Int32) {
    func flag(_ name: String) -> Bool { json[name]?.bool ?? false }
    self.init(
      id: id, text: Array((json["content"]?.string ?? "").utf8), isSpecial: flag("special"),
      stripsLeft: flag("lstrip"), stripsRight: flag("rstrip"),
      isNormalized: json["normalized"]?.bool ?? !flag("special"), isSingleWord: flag("single_word"))
  }
}
