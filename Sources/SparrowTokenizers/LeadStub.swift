public final class Tokenizer: Sendable {
  public init() {}
  public func encode(_ text: String, addSpecial: Bool = true, parseSpecial: Bool = false) -> [Int32]
  { [] }
  public var bos: Int32? { nil }
  public var eos: Int32? { nil }
  public var addsBOS: Bool { false }
  public var bosText: String { "" }
  public var eosText: String { "" }
  public var chatTemplate: ChatTemplate? { nil }
}
public struct StreamingDecoder {
  public init(_ tokenizer: Tokenizer, skipSpecial: Bool = true) {}
  public mutating func append(_ id: Int32) -> String { "" }
  public mutating func finish() -> String { "" }
}
