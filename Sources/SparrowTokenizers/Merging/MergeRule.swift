/// What decides which neighbours merge first.
enum MergeRule: Sendable {
  /// Byte-pair encoding: the merge written first in the file.
  case ranked(MergeTable)
  /// SentencePiece: the pair whose joined text is the token of the highest score; one priority a
  /// token.
  case scored([UInt32])

  /// Priorities for scores: the higher the score, the smaller the number; equal for equal scores.
  static func priority(_ score: Float) -> UInt32 {
    let bits = (score == 0 ? 0 : score).bitPattern
    return bits >> 31 == 1 ? bits : 0x7FFF_FFFF - bits
  }
}
