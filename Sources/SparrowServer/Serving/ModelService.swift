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
  /// What answers depend on besides their requests, in short: it changes with the program, the
  /// model's file, the adapter, the plan and the threads.
  let fingerprint: String
  /// Choices of one request, at most: more would never find room.
  let choiceLimit: Int
  /// Compiled grammars; made when the first is asked for, since it takes the vocabulary's bytes.
  private let grammars = Mutex<TokenGrammarCache?>(nil)

  init(_ scheduler: Scheduler, _ options: ServerOptions) {
    self.scheduler = scheduler
    self.options = options
    choiceLimit = min(options.choiceLimit, scheduler.options.parallel + scheduler.options.waiting)
    var hash = SHA256()
    hash.update("\(scheduler.model.identity) \(scheduler.model.threads)")
    fingerprint = "fp_" + hash.hexDigest().prefix(10)
  }

  var model: Model { scheduler.model }
  var tokenizer: Tokenizer { scheduler.model.tokenizer }

  /// Seconds of Unix time.
  static var now: Int { time(nil) }

  /// A grammar compiled for the model's tokens; costs little when it was asked for lately.
  ///
  /// Throws what compiling throws.
  func compiled(_ grammar: TextGrammar) throws(SparrowError) -> TokenGrammar {
    let cache = grammars.withLock { known -> TokenGrammarCache in
      if let known { return known }
      let made = TokenGrammarCache(vocabulary: model.tokenVocabulary, limit: 16)
      known = made
      return made
    }
    return try cache.grammar(grammar)
  }
}
