internal import SparrowFormats
internal import SparrowTokenizers

extension GGUFMetadata: GGUFTokenizerSource {
  package func string(_ key: String) -> String? {
    if case .string(let text) = self[key] { text } else { nil }
  }

  package func int(_ key: String) -> Int? {
    if case .integer(let integer) = self[key] { integer } else { nil }
  }

  package func bool(_ key: String) -> Bool? {
    if case .bool(let bool) = self[key] { bool } else { nil }
  }

  package func stringCount(_ key: String) -> Int? {
    if case .strings(let strings) = self[key] { strings.count } else { nil }
  }

  package func forEachString(_ key: String, _ body: (UnsafeRawBufferPointer) -> Bool) {
    guard case .strings(let strings) = self[key] else { return }
    for index in 0..<strings.count where !body(strings.bytes(at: index)) { return }
  }

  package func floats(_ key: String) -> [Float]? {
    guard case .numbers(let numbers) = self[key] else { return nil }
    return (0..<numbers.count).map { Float(numbers.double(at: $0)) }
  }

  package func ints(_ key: String) -> [Int]? {
    guard case .numbers(let numbers) = self[key] else { return nil }
    return (0..<numbers.count).map { numbers.int(at: $0) ?? -1 }
  }
}
