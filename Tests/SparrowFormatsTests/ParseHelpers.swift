import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

/// The bytes as a mapped file without a file.
func inMemory(_ bytes: [UInt8], name: String = "memory") throws -> MappedFile {
  try bytes.withUnsafeBytes { try MappedFile(copying: $0, path: name) }
}

func parseGGUF(_ bytes: [UInt8]) throws -> (metadata: GGUFMetadata, tensors: [TensorEntry]) {
  try GGUFParser.parse(inMemory(bytes))
}

func parseSafetensors(_ bytes: [UInt8]) throws -> SafetensorsHeader {
  try SafetensorsHeader.parse(inMemory(bytes))
}

/// A safetensors file with this header, whatever it says, and this many bytes of data.
func safetensors(header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  return little(length ?? UInt64(text.count)) + text
    + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// Expects a `SparrowError` whose message holds `part`.
func expectError(
  _ part: String, _ kind: SparrowError.Kind = .malformed,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing thrown; expected '\(part)'", sourceLocation: sourceLocation)
  } catch let error as SparrowError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
    #expect(!error.file.isEmpty || kind == .argument, sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error) is no SparrowError", sourceLocation: sourceLocation)
  }
}
