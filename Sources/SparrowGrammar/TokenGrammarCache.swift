public import SparrowCore
internal import Synchronization

/// Compiled grammars of one vocabulary, the last used of them kept, so that requests with the same
/// schema share its masks. Safe to share between threads.
public final class TokenGrammarCache: Sendable {
  private struct Entry: Sendable {
    let grammar: TextGrammar
    let compiled: TokenGrammar
    /// Bytes of both, about.
    let size: Int

    init(_ grammar: TextGrammar, _ compiled: TokenGrammar) {
      self.grammar = grammar
      self.compiled = compiled
      size = 64 * grammar.parts + compiled.size
    }
  }

  private let vocabulary: TokenVocabulary
  private let limit: Int
  private let memory: Int
  /// The last used at the end.
  private let entries = Mutex<[Entry]>([])

  /// Keeps at most `limit` grammars, and beside the last used one so many as were made of about
  /// `memory` bytes in all. With use each takes up to about 20 MB more, and mostly far less.
  public init(vocabulary: TokenVocabulary, limit: Int = 32, memory: Int = 128 << 20) {
    self.vocabulary = vocabulary
    self.limit = max(limit, 1)
    self.memory = memory
  }

  /// Grammars that are kept.
  public var count: Int { entries.withLock { $0.count } }

  /// The compiled grammar, or a new one.
  ///
  /// Throws what compiling throws; refusals are not kept.
  public func grammar(_ grammar: TextGrammar) throws(SparrowError) -> TokenGrammar {
    let known = entries.withLock { entries -> TokenGrammar? in
      guard let index = entries.lastIndex(where: { $0.grammar == grammar }) else { return nil }
      entries.append(entries.remove(at: index))
      return entries[entries.count - 1].compiled
    }
    if let known { return known }
    // Outside the lock: others need not wait. Of two that compile the same at once the last stays.
    let compiled = try TokenGrammar(grammar, vocabulary: vocabulary)
    entries.withLock { entries in
      entries.removeAll { $0.grammar == grammar }
      entries.append(Entry(grammar, compiled))
      var size = entries.reduce(0) { $0 + $1.size }
      while entries.count > 1, entries.count > limit || size > memory {
        size -= entries.removeFirst().size
      }
    }
    return compiled
  }
}
