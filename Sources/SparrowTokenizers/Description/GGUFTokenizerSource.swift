/// What a tokenizer needs of a GGUF file's metadata; nil for keys that are missing or of another type.
public protocol GGUFTokenizerSource {
  func string(_ key: String) -> String?
  func int(_ key: String) -> Int?
  func bool(_ key: String) -> Bool?
  /// Strings in an array of strings.
  func stringCount(_ key: String) -> Int?
  /// Passes the bytes of string `index`, which is in range, of an array of strings.
  func withStringBytes(_ key: String, _ index: Int, _ body: (UnsafeRawBufferPointer) -> Void)
  func floats(_ key: String) -> [Float]?
  func ints(_ key: String) -> [Int]?
}
