/// A token that is cut out of the text before anything else.
struct AddedToken: Sendable {
  let id: Int32
  /// As written in the text.
  let text: [UInt8]
  /// Matched only when special tokens are parsed.
  let isSpecial: Bool
  /// Swallows the white space on its left.
  var stripsLeft = false
  /// Swallows the white space on its right.
  var stripsRight = false
}
