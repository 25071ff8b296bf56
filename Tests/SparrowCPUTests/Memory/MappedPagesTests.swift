import Testing

@testable import SparrowCPU

@Suite struct MappedPagesTests {
  @Test("pages lie apart, are copied whole, and begin anew when they were given back")
  func pages() throws {
    let bytes = 10_000
    let memory = try #require(MappedPages(6, bytes: bytes))
    func fill(_ place: Int, _ value: UInt8) {
      memory.address(place).initializeMemory(as: UInt8.self, repeating: value, count: bytes)
    }
    func holds(_ place: Int, _ value: UInt8) -> Bool {
      UnsafeRawBufferPointer(start: memory.address(place), count: bytes)
        .allSatisfy { $0 == value }
    }
    for place in 0..<6 { fill(place, UInt8(place + 1)) }
    #expect((0..<6).allSatisfy { holds($0, UInt8($0 + 1)) })
    memory.copy(1, to: 4)
    #expect(holds(4, 2) && holds(1, 2) && holds(3, 4) && holds(5, 6))
    memory.release(2..<4)
    #expect(holds(1, 2) && holds(4, 2))
    #expect(memory.address(3).load(as: UInt8.self) == 0)
    memory.release(0..<6)
    #expect(memory.address(5).load(as: UInt8.self) == 0)
  }

  @Test func moreThanTheAddressSpaceIsRefused() {
    #expect(MappedPages(.max, bytes: 4096) == nil)
    #expect(MappedPages(1 << 50, bytes: 4096) == nil)
  }
}
