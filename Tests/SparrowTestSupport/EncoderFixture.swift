import SparrowCore

/// A tiny random BERT, and what transformers and sentence-transformers make of some texts.
public struct EncoderFixture {
  public struct Case {
    public let text: String
    public let tokens: [Int32]
    /// nil for a text that is too long.
    public let vector: [Float]?
  }

  public let cases: [Case]
  /// The hidden states of the first text's tokens.
  public let states: [[Float]]
  /// The first text's vector where the first token's state is taken.
  public let cls: [Float]

  public static let path = Fixtures.path("encoder")

  public init() throws {
    func floats(_ json: JSON?) -> [Float]? { json?.array?.map { Float($0.double!) } }
    let json = try JSON.parse(MappedFile(path: Self.path + "/expected.json"))
    cases = json["texts"]!.array!.map { row in
      Case(
        text: row["text"]!.string!, tokens: row["ids"]!.array!.map { Int32($0.int!) },
        vector: floats(row["vector"]))
    }
    states = json["states"]!.array!.map { floats($0)! }
    cls = floats(json["cls"])!
  }
}
