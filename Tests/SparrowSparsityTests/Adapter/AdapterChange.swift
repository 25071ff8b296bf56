import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

/// A change to the first such place of an `adapter.json`, and the error that reading it must throw.
struct AdapterChange: CustomTestStringConvertible {
  var from: String
  var to: String
  var kind: SparrowError.Kind
  var field: String
  var testDescription: String { "\(from) -> \(to)" }

  init(_ from: String, _ to: String, _ kind: SparrowError.Kind, _ field: String) {
    self.from = from
    self.to = to
    self.kind = kind
    self.field = field
  }

  /// Writes the adapter, changes it and reads it.
  func expectRefusal(of adapter: Adapter) throws {
    let folder = try TemporaryFolder()
    try adapter.write(to: folder.file("a"))
    let text = String(decoding: try folder.read("a/adapter.json"), as: UTF8.self)
    let at = try #require(text.firstRange(of: from))
    try folder.write("a/adapter.json", text[..<at.lowerBound] + to + text[at.upperBound...])
    let error = #expect(throws: SparrowError.self) { try Adapter.read(folder.file("a")) }
    #expect(error?.kind == kind)
    #expect(error?.field == field)
    #expect(error?.file.hasPrefix(folder.path) == true)
  }
}

/// Damages one file of an adapter again and again: reading it gives an adapter that `check`
/// accepts, or an error that names the file.
func expectNoTrap(
  of adapter: Adapter, damaging name: String, times: Int, seed: UInt64,
  check: (Adapter) throws(SparrowError) -> Void
) throws {
  let folder = try TemporaryFolder()
  try adapter.write(to: folder.file("a"))
  let whole = try folder.read("a/" + name)
  var mutator = Mutator(seed: seed)
  for _ in 0..<times {
    try folder.write("a/" + name, mutator.mutate(whole))
    do throws(SparrowError) {
      try check(try Adapter.read(folder.file("a")))
    } catch { #expect(!error.file.isEmpty) }
  }
}
