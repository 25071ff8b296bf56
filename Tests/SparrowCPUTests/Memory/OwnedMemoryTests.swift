import CSparrowKernels
import SparrowCore
import Testing

@testable import SparrowCPU

@Suite struct OwnedMemoryTests {
  @Test(
    "what workers write lies in different pairs of cache lines", arguments: [1, 16, 33, 20_000])
  func perWorker(count: Int) {
    let memory = OwnedMemory()
    let own = PerWorker<Int32>(count, workers: 5, memory: memory)
    for worker in 0..<5 {
      let start = Int(bitPattern: own[worker])
      #expect(start % CacheLine.pairBytes == 0)
      #expect((0..<count).allSatisfy { own[worker][$0] == 0 })
      guard worker > 0 else { continue }
      let end = Int(bitPattern: own[worker - 1]) + 4 * count
      #expect(start / CacheLine.pairBytes > (end - 1) / CacheLine.pairBytes)
    }
    withExtendedLifetime(memory) {}
  }

  @Test("a quantised row is what the kernel makes of it", arguments: [1, 31, 64, 577])
  func quantizedRows(width: Int) {
    let memory = OwnedMemory()
    let rows = QuantizedRows(3, width: width, memory: memory)
    var random = SeededRandom(seed: UInt64(width))
    for row in 0..<3 {
      let values = (0..<width).map { _ in random.uniform() - 0.5 }
      let found = rows.quantize(values, width, into: row)
      let expected = memory.bytes(QuantizedRows.bytes(width))
      sk_quantize(values, Int32(width), expected)
      let bytes = UnsafeRawBufferPointer(start: found, count: QuantizedRows.bytes(width))
      #expect(
        bytes.elementsEqual(UnsafeRawBufferPointer(start: expected, count: bytes.count)))
      #expect(found == rows[row])
    }
    withExtendedLifetime(memory) {}
  }
}
