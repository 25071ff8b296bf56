/// What a tokenizer needs of a GGUF file's metadata; nil for keys that are missing or of another
/// type.
public protocol GGUFTokenizerSource {
  func string(_ key: String) -> String?
  func int(_ key: String) -> Int?
  func bool(_ key: String) -> Bool?
  /// Strings in an array of strings.
  func stringCount(_ key: String) -> Int?
  /// Passes the bytes of each string of an array of strings, in order, until `body` returns false.
  func forEachString(_ key: String, _ body: (UnsafeRawBufferPointer) -> Bool)
  func floats(_ key: String) -> [Float]?
  func ints(_ key: String) -> [Int]?
}
