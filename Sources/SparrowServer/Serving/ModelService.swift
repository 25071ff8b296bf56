import CSparrowSystem
import Sparrow
import Synchronization

/// What all routes share: the model and its scheduler, the options, and what is counted.
final class ModelService: Sendable {
  let scheduler: Scheduler
  let options: ServerOptions
  let metrics = ServerMetrics()
  /// When the server began, in seconds of Unix time.
  let started = ModelService.now
  /// Compiled grammars, the last used at the end.
  private let grammars = Mutex<[(source: TextGrammar, made: TokenGrammar)]>([])

  init(_ scheduler: Scheduler, _ options: ServerOptions) {
    self.scheduler = scheduler
    self.options = options
  }

  var model: Model { scheduler.model }
  var tokenizer: Tokenizer { scheduler.model.tokenizer }

  /// Seconds of Unix time.
  static var now: Int { time(nil) }

  /// Grammars that are kept.
  private static let keptGrammars = 16

  /// A grammar compiled for the model's tokens; costs little when it was asked for lately.
  ///
  /// Throws what compiling throws.
  func compiled(_ grammar: TextGrammar) throws(SparrowError) -> TokenGrammar {
    if let known = known(grammar) { return known }
    let made = try TokenGrammar(grammar, vocabulary: model.tokenVocabulary)
    grammars.withLock { kept in
      kept.append((grammar, made))
      if kept.count > Self.keptGrammars { kept.removeFirst() }
    }
    return made
  }

  private func known(_ grammar: TextGrammar) -> TokenGrammar? {
    grammars.withLock { kept in
      guard let index = kept.firstIndex(where: { $0.source == grammar }) else { return nil }
      let entry = kept.remove(at: index)
      kept.append(entry)
      return entry.made
    }
  }
}
