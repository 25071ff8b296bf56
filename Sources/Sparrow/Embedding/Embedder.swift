public import SparrowCore
internal import SparrowEngine
internal import SparrowFormats
public import SparrowTokenizers
public import SparrowTransformer
internal import Synchronization

/// An encoder ready to run: it gives texts vectors that lie near each other where meanings do.
///
/// One text runs at a time: threads that share an embedder take turns.
public final class Embedder: @unchecked Sendable {
  /// As given to `load`.
  public let path: String
  /// The encoder's layers and sizes.
  public let configuration: ModelConfiguration
  /// What makes tokens of texts.
  public let tokenizer: WordPieceTokenizer
  /// What makes one vector of tokens' states.
  public let pooling: Pooling
  /// Tokens that a text may have, those before and behind it included.
  public let longestText: Int
  private let backend: any Backend
  private let sequence: SequenceState
  private let turn = Mutex(())

  /// A text is one step; larger ones would take too much memory.
  private static let longestStep = 4096

  /// Loads a Hugging Face folder, with sentence-transformers' files where it has them; run on the
  /// processor, by as many threads as may work at once unless told.
  ///
  /// Costs one pass over the file. Throws `.system` for unreadable files, `.malformed` for broken
  /// ones, `.unsupported` for a decoder and for what Sparrow does not know, `.mismatch` for tensors
  /// or a tokenizer that do not fit.
  public static func load(_ path: String, threads: Int? = nil) throws(SparrowError) -> Embedder {
    try Embedder(Checkpoint.open(path), threads: threads)
  }

  private init(_ checkpoint: Checkpoint, threads: Int?) throws(SparrowError) {
    let description = try ModelDescription(checkpoint)
    path = checkpoint.path
    configuration = description.configuration
    guard configuration.isEncoder else {
      throw SparrowError(
        .unsupported, file: path, field: "architecture",
        found: "'\(configuration.architecture)', a decoder",
        expected: "an encoder such as BERT; sparrow generate runs decoders")
    }
    tokenizer = try checkpoint.wordPieceTokenizer()
    guard tokenizer.vocabularySize <= configuration.vocabulary else {
      throw SparrowError(
        .mismatch, file: path, field: "vocabulary", found: "\(tokenizer.vocabularySize) tokens",
        expected: "at most the model's \(configuration.vocabulary)")
    }
    pooling = try Pooling(checkpoint)
    let sentences = try checkpoint.json(named: "sentence_bert_config.json")
    guard sentences?["do_lower_case"]?.bool != true || tokenizer.lowercases else {
      throw SparrowError(
        .unsupported, file: path, field: "sentence_bert_config.json: do_lower_case",
        found: "true beside a tokenizer that keeps capitals", expected: "false")
    }
    let words = try checkpoint.json(named: "tokenizer_config.json")
    let trained = try Self.length(
      "max_seq_length", sentences, file: path + "/sentence_bert_config.json")
    let named = try Self.length("model_max_length", words, file: path + "/tokenizer_config.json")
    longestText = min(trained ?? named ?? .max, configuration.contextLength, Self.longestStep)
    let pool = try WorkerPool(count: threads ?? ProcessorAllowance.current().threads)
    backend = try BackendChoice.make(description.binding, on: .cpu, pool: pool, rows: longestText)
    sequence = try backend.sequence(capacity: longestText, type: .f32)
  }

  /// A number of tokens that a file may give; huge ones are transformers' word for no limit.
  private static func length(
    _ field: String, _ json: JSON?, file: String
  ) throws(SparrowError) -> Int? {
    guard let value = json?[field], value != .null else { return nil }
    guard let number = value.double, number >= 1 else {
      throw SparrowError(
        .malformed, file: file, field: field, found: value.text(), expected: "a positive number")
    }
    return number < 1e9 ? Int(number) : nil
  }

  /// The vector of a text, `[hidden]`: the same bits whatever was embedded before.
  ///
  /// Costs one step, whose attention is quadratic in tokens. Throws `.argument` for a text of no
  /// token or of more than `longestText`.
  public func embed(_ text: String) throws(SparrowError) -> [Float] {
    let tokens = tokenizer.encode(text)
    guard (1...longestText).contains(tokens.count) else {
      throw SparrowError(
        .argument, file: path, field: "text", found: "\(tokens.count) tokens",
        expected: "1 to \(longestText), special ones included; cut it into parts")
    }
    return turn.withLock { _ in
      sequence.truncate(to: 0)
      backend.step(.prompt(tokens, of: sequence))
      return pooling.vector(of: tokens.indices.map { backend.hidden(row: $0) })
    }
  }
}
