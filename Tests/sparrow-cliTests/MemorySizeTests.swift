import Testing

@testable import sparrow_cli

struct MemorySizeTests {
  @Test(arguments: [("2GB", 2_000_000_000), ("1.5 gb", 1_500_000_000), ("4096", 4096)])
  func sizes(text: String, bytes: Int) throws {
    #expect(try MemorySize.bytes(text) == bytes)
  }

  @Test(arguments: ["", "GB", "-1", "0", "2 GX", "1e9", "9999999TB", "1..5GB", "nan"])
  func others(text: String) {
    #expect(throws: (any Error).self) { try MemorySize.bytes(text) }
  }
}
