public import SparrowCore
public import SparrowTemplates

/// Turns text into a model's tokens and back; safe to share between threads.
public final class Tokenizer: Sendable {
  let description: TokenizerDescription
  /// Added tokens that are matched in the text as it is, and those that are matched once it is
  /// normalised.
  let addedTokens: AddedTokens
  let normalizedTokens: AddedTokens
  let adjacency: Adjacency
  /// Renders conversations; nil when the model has no template that Sparrow can read.
  public let chatTemplate: ChatTemplate?
  /// Why the model's template cannot be read; nil where it can, or where there is none.
  public let chatTemplateProblem: SparrowError?
  /// Tokens after which a model has nothing more to say.
  public let endTokens: Set<Int32>

  /// Makes the tables that encoding needs; `chatTemplate` renders conversations in place of the
  /// description's.
  ///
  /// Throws `.mismatch` where the description asks for a start token that it does not have.
  public init(
    _ description: TokenizerDescription, chatTemplate given: ChatTemplate? = nil
  ) throws(SparrowError) {
    guard !description.addsBOS || description.bos != nil else {
      throw description.error(
        .mismatch, "add_bos_token", "no start token to add", expected: "bos_token")
    }
    self.description = description
    (addedTokens, normalizedTokens) = description.matchers()
    var adjacency = Adjacency()
    for id in description.kinds.indices
    where description.kinds[id].isMergeable || description.kinds[id] == .userDefined {
      adjacency.insert(description.vocabulary.bytes(of: Int32(id)))
    }
    self.adjacency = adjacency
    endTokens = description.endTokens
    // Text can be continued without a template: its problem is told when a conversation asks for
    // it.
    var (template, problem): (ChatTemplate?, SparrowError?) = (given, nil)
    if template == nil, let source = description.chatTemplate {
      do throws(SparrowError) {
        template = try ChatTemplate(source: source, file: description.file)
      } catch {
        problem = error
      }
    }
    chatTemplate = template
    chatTemplateProblem = problem
  }

  /// What a user should know of the file, a line each.
  public var warnings: [String] { description.warnings }
  /// Ids are below this.
  public var vocabularySize: Int { description.vocabulary.count }
  /// The token that starts a text; nil where the model has none.
  public var bos: Int32? { description.bos }
  /// The token that ends a text; nil where the model has none.
  public var eos: Int32? { description.eos }
  /// Whether `encode` begins with `bos` when special tokens are asked for.
  public var addsBOS: Bool { description.addsBOS }
  /// The start token as text; empty where there is none.
  public var bosText: String { bos.map(text) ?? "" }
  /// The end token as text; empty where there is none.
  public var eosText: String { eos.map(text) ?? "" }

  /// What a token adds to a text, part of a character perhaps; empty for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] {
    id >= 0 && Int(id) < vocabularySize ? Array(description.vocabulary.bytes(of: id)) : []
  }

  /// What a token is; nil for ids out of range.
  public func kind(of id: Int32) -> TokenKind? {
    id >= 0 && Int(id) < vocabularySize ? description.kinds[Int(id)] : nil
  }

  private func text(_ id: Int32) -> String { String(decoding: bytes(of: id), as: UTF8.self) }
}
