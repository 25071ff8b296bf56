import SparrowCore

@testable import SparrowTokenizers

/// GGUF metadata from nothing but values, to be damaged at will.
struct StubMetadata: GGUFTokenizerSource {
  var values: [String: JSON]

  init(_ values: [String: JSON]) { self.values = values }

  /// Tokens, scores and types of a SentencePiece model.
  init(_ json: JSON) {
    values = [
      "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": json["tokens"]!,
      "tokenizer.ggml.scores": json["scores"]!, "tokenizer.ggml.token_type": json["types"]!,
      "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
      "tokenizer.ggml.unknown_token_id": 0,
    ]
  }

  func string(_ key: String) -> String? { values[key]?.string }
  func int(_ key: String) -> Int? { values[key]?.int }
  func bool(_ key: String) -> Bool? { values[key]?.bool }
  func stringCount(_ key: String) -> Int? {
    guard let items = values[key]?.array, items.allSatisfy({ $0.string != nil }) else { return nil }
    return items.count
  }
  func forEachString(_ key: String, _ body: (UnsafeRawBufferPointer) -> Bool) {
    for item in values[key]?.array ?? [] {
      guard Array((item.string ?? "").utf8).withUnsafeBytes(body) else { return }
    }
  }
  func floats(_ key: String) -> [Float]? { values[key]?.array?.map { Float($0.double ?? .nan) } }
  func ints(_ key: String) -> [Int]? { values[key]?.array?.map { $0.int ?? -1 } }
}
