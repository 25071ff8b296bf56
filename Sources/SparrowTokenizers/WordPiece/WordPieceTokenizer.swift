/// Turns text into the tokens of an encoder such as BERT; safe to share between threads.
///
/// Words are cut greedily: the longest piece of the vocabulary first (WordPiece). Names of control
/// tokens in a text are text.
///
/// Source: Devlin et al. 2018, section 3; its authors' tokenizer for how texts become words.
public struct WordPieceTokenizer: Sendable {
  var vocabulary = Vocabulary()
  /// Stands for words that no pieces make up.
  var unknown: Int32 = 0
  /// What pieces begin with that continue a word.
  var continuation = Array("##".utf8)
  /// Words of more characters are unknown.
  var longestWord = 100
  var splitting = WordSplitting()
  /// What stands before and behind a text.
  var prefix: [Int32] = []
  var suffix: [Int32] = []

  init() {}

  /// A text and its lowercase form are the same tokens.
  package var lowercases: Bool { splitting.lowercases }
  /// Ids are below this.
  public var vocabularySize: Int { vocabulary.count }

  /// The tokens of a text, with those before and behind it. Linear in the text.
  public func encode(_ text: String) -> [Int32] {
    var tokens = prefix
    for word in splitting.words(of: text) { append(word, to: &tokens) }
    return tokens + suffix
  }

  private func append(_ word: [UInt8], to tokens: inout [Int32]) {
    // Characters begin at bytes that continue none.
    let count = word.count { $0 & 0xC0 != 0x80 }
    guard count <= longestWord else { return tokens.append(unknown) }
    let first = tokens.count
    var start = 0
    while start < word.count {
      guard let (id, end) = longestPiece(of: word, from: start) else {
        tokens.removeLast(tokens.count - first)
        return tokens.append(unknown)
      }
      tokens.append(id)
      start = end
    }
  }

  /// The longest piece that begins at `start`, and where it ends.
  private func longestPiece(of word: [UInt8], from start: Int) -> (id: Int32, end: Int)? {
    let begin = start == 0 ? [] : continuation
    let longest = min(word.count, start + vocabulary.longest - begin.count)
    for end in stride(from: longest, to: start, by: -1) {
      if let id = vocabulary.id(of: begin + word[start..<end]) { return (id, end) }
    }
    return nil
  }
}
