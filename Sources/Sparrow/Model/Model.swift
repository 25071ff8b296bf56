public import SparrowCore
package import SparrowEngine
import SparrowFormats
public import SparrowGrammar
import SparrowSparsity
public import SparrowTokenizers
public import SparrowTransformer
import Synchronization

/// A language model ready to run: configuration, tokenizer and packed weights.
///
/// One step runs at a time: sessions of one model take turns.
public final class Model: @unchecked Sendable {
  /// As given to `load`.
  public let path: String
  public let configuration: ModelConfiguration
  public let tokenizer: Tokenizer
  /// Tokens after which generation ends.
  public let endTokens: Set<Int32>
  /// What its makers say about sampling.
  public let samplingAdvice: SamplingAdvice
  /// True when an adapter changed weights of the base model.
  public let changesWeights: Bool
  /// Tells the adapter from others; nil without one.
  let adapterIdentity: String?
  /// What a user should know of how the model was loaded, a line each; none as a rule.
  public let warnings: [String]
  /// What runs it.
  public let device: Device
  package let binding: WeightBinding
  package let backend: any Backend
  package let pool: WorkerPool
  private let turn = Mutex(())
  private let vocabulary = Mutex<TokenVocabulary?>(nil)
  /// The base model, once `base()` has been asked for it.
  private let unchanged = Mutex<Model?>(nil)

  /// Loads a `.gguf` file or a Hugging Face folder.
  ///
  /// Costs one pass over the file; on the processor `progress` counts what is packed. Throws
  /// `.system` for unreadable files, `.malformed` for broken ones, `.unsupported` for
  /// architectures, types or tokenizers that Sparrow does not know, `.mismatch` for tensors or
  /// adapters that do not fit, `.cancelled` when `progress` stops it.
  public static func load(
    _ path: String, options: LoadOptions = LoadOptions(), progress: Progress = .none
  ) throws(SparrowError) -> Model {
    let checkpoint = try Checkpoint.open(path)
    let description = try ModelDescription(checkpoint)
    return try Model(checkpoint, description, options, progress: progress)
  }

  /// As `load`, run by a dense backend of the caller's: how tests stand in for devices.
  package static func load(
    _ path: String, options: LoadOptions = LoadOptions(), backend: @escaping MakeBackend
  ) throws(SparrowError) -> Model {
    let checkpoint = try Checkpoint.open(path)
    return try Model(checkpoint, ModelDescription(checkpoint), options, backend: backend)
  }

  package typealias MakeBackend = (WeightBinding, WorkerPool) throws(SparrowError) -> any Backend

  private init(
    _ checkpoint: Checkpoint, _ description: ModelDescription, _ options: LoadOptions,
    backend make: MakeBackend? = nil, progress: Progress = .none
  ) throws(SparrowError) {
    let rows = options.prefillTokens ?? options.device.prefillTokens
    guard (1...4096).contains(rows) else {
      throw SparrowError(
        .argument, field: "prefill tokens", found: "\(rows)", expected: "1 to 4096")
    }
    path = checkpoint.path
    configuration = description.configuration
    try configuration.requireDecoder(file: path)
    tokenizer = try checkpoint.tokenizer(chatTemplate: options.chatTemplate)
    endTokens = try checkpoint.endTokens(tokenizer)
    samplingAdvice = try checkpoint.samplingAdvice()
    binding = description.binding
    device = options.device
    let adapter = try options.adapter(for: binding)
    adapterIdentity = try options.adapter.map { folder throws(SparrowError) in
      try Adapter.identity(of: folder)
    }
    let (plan, note) = options.paying(adapter?.plan ?? .dense)
    let updates = adapter?.updates ?? WeightUpdates()
    let allowance = ProcessorAllowance.current()
    pool = try WorkerPool(count: options.threads ?? allowance.threads)
    if let make {
      backend = try make(binding, pool)
    } else {
      backend = try BackendChoice.make(
        binding, on: device, pool: pool, rows: rows, plan: plan,
        keepsUnpaying: options.keepsUnpaying, updates: updates, progress: progress)
    }
    let unpaying: String? =
      make != nil || backend.plan == plan
      ? nil : "the adapter runs in part: the rest takes longer on \(device) than its dense form"
    warnings =
      description.notes + tokenizer.warnings
      + [allowance.warning(threads: pool.count), note, unpaying].compactMap { $0 }
    changesWeights = !updates.isEmpty
  }

  /// `other` as it is without its adapter, run by the same threads.
  private init(baseOf other: Model) throws(SparrowError) {
    path = other.path
    configuration = other.configuration
    tokenizer = other.tokenizer
    endTokens = other.endTokens
    samplingAdvice = other.samplingAdvice
    binding = other.binding
    device = other.device
    changesWeights = false
    adapterIdentity = nil
    warnings = []
    pool = other.pool
    backend = try BackendChoice.make(
      binding, on: device, pool: pool, rows: other.backend.limits.rows)
  }

  /// The model whose dense program is the base model's: this one, or where an adapter changed
  /// weights another one, loaded when it is first asked for and kept as long as this one: memory
  /// doubles.
  ///
  /// Both share threads: not for use while other threads generate. Throws what loading throws.
  package func base() throws(SparrowError) -> Model {
    guard changesWeights else { return self }
    if let base = unchanged.withLock({ $0 }) { return base }
    let base = try Model(baseOf: self)
    unchanged.withLock { $0 = base }
    return base
  }

  /// The tokens as bytes, for constrained text; made when it is first asked for. Control tokens and
  /// end tokens are no text.
  public var tokenVocabulary: TokenVocabulary {
    vocabulary.withLock { known in
      if let known { return known }
      let tokens = (0..<Int32(configuration.vocabulary)).map { id in
        let isText = [.normal, .userDefined, .byte].contains(tokenizer.kind(of: id))
        return isText && !endTokens.contains(id) ? tokenizer.bytes(of: id) : nil
      }
      let made = TokenVocabulary(tokens: tokens)
      known = made
      return made
    }
  }

  /// Worker threads.
  public var threads: Int { pool.count }

  /// Runs `body` as one turn at the engine: sessions of one model wait for each other here.
  package func exclusively<T: Sendable>(_ body: () -> T) -> T { turn.withLock { _ in body() } }
}
