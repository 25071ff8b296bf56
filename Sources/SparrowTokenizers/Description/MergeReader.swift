internal import SparrowCore

/// Turns written merges into ids of a vocabulary.
struct MergeReader {
  private let description: TokenizerDescription
  private let vocabulary: Vocabulary
  private(set) var table: MergeTable
  private var joined: [UInt8] = []
  private var problem = ""

  init(_ description: TokenizerDescription, count: Int) {
    self.description = description
    vocabulary = description.vocabulary
    table = MergeTable(reserving: count)
  }

  /// Reads a merge written as its two halves with a space between; false where that is no merge.
  mutating func append(_ text: some RandomAccessCollection<UInt8>) -> Bool {
    guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")) else {
      problem = "no space between two halves"
      return false
    }
    return append(text[..<space], text[text.index(after: space)...])
  }

  /// Reads a merge of two halves; false where one of them or their sum is no token.
  mutating func append(
    _ first: some Collection<UInt8>, _ second: some Collection<UInt8>
  ) -> Bool {
    joined.removeAll(keepingCapacity: true)
    guard decode(first) else { return false }
    let split = joined.count
    guard decode(second) else { return false }
    let ids = joined.withUnsafeBufferPointer { joined in
      (
        vocabulary.id(of: UnsafeBufferPointer(rebasing: joined[..<split])),
        vocabulary.id(of: UnsafeBufferPointer(rebasing: joined[split...])),
        vocabulary.id(of: joined)
      )
    }
    guard let first = ids.0, let second = ids.1, let merged = ids.2 else {
      problem = "a merge of text that is no token"
      return false
    }
    table.append(MergeTable.Merge(left: first, right: second, merged: merged))
    return true
  }

  /// Why the last merge was refused.
  func error(_ field: String) -> SparrowError {
    description.error(
      .malformed, "\(field)[\(table.count)]", problem, expected: "two tokens that make a third")
  }

  private mutating func decode(_ text: some Collection<UInt8>) -> Bool {
    switch description.spacing {
    case .marked: joined += TokenizerDescription.unmarked(text)
    case .bytes:
      guard ByteAlphabet.decode(text, into: &joined) else {
        problem = "a merge of characters outside the byte alphabet"
        return false
      }
    }
    return true
  }
}
