import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowCUDA

/// Rows in the device's layouts hold what their files hold.
@Suite struct PackingTests {
  private static func unpacked(
    _ type: ElementType, _ bytes: [UInt8], rows: Int, columns: Int
  ) throws -> (isFinite: Bool, weights: [[Float]]) {
    var layout = try #require(scu_matrix(type.ggml!, rows: rows, columns: columns))
    var packed = [UInt8](repeating: 255, count: layout.byteCount)
    let isFinite = packed.withUnsafeMutableBytes { packed in
      bytes.withUnsafeBytes {
        scu_pack_rows(&layout, type.ggml!, $0.baseAddress, Int32(rows), packed.baseAddress)
      }
    }
    let weights = (0..<rows).map { row in
      [Float](unsafeUninitializedCapacity: columns) { buffer, count in
        packed.withUnsafeBytes {
          scu_unpack_row(&layout, $0.baseAddress! + row * layout.rowBytes, buffer.baseAddress)
        }
        count = columns
      }
    }
    return (isFinite != 0, weights)
  }

  @Test(arguments: ElementType.weightTypes, [256, 768])
  func holdsTheWeightsOfEveryType(_ type: ElementType, _ columns: Int) throws {
    var random = SeededRandom(seed: 3)
    let bytes = type.randomBytes(elements: 3 * columns, &random)
    let (isFinite, weights) = try Self.unpacked(type, bytes, rows: 3, columns: columns)
    #expect(isFinite)
    for row in 0..<3 {
      let expected = [Float](unsafeUninitializedCapacity: columns) { buffer, count in
        bytes.withUnsafeBytes {
          type.expand(
            $0.baseAddress! + row * bytes.count / 3, count: columns, into: buffer.baseAddress!)
        }
        count = columns
      }
      #expect(type.keeps(weights[row], of: expected))
    }
  }

  @Test("rows that are no whole lines are padded with zeros")
  func pads() throws {
    let layout = try #require(scu_matrix(ElementType.q4_1.ggml!, rows: 2, columns: 160))
    #expect(layout.stride == 256)
    #expect(layout.rowBytes == 128 + 32 + 32)
    #expect(try #require(scu_matrix(ElementType.bf16.ggml!, rows: 2, columns: 96)).stride == 128)
    var random = SeededRandom(seed: 4)
    let bytes = ElementType.q4_1.randomBytes(elements: 320, &random)
    #expect(try Self.unpacked(.q4_1, bytes, rows: 2, columns: 160).weights[1].count == 160)
  }

  @Test("a scale that is no number is seen", arguments: [ElementType.q8_0, .q4_1, .bf16, .f32])
  func refusesWhatIsNoNumber(_ type: ElementType) throws {
    var random = SeededRandom(seed: 5)
    var bytes = type.randomBytes(elements: 64, &random)
    // Little-endian: the last byte of a float, the second of a block's scale.
    let at = type.blockElements == 1 ? type.blockBytes - 1 : 1
    (bytes[at - 1], bytes[at]) = (0xc0, 0x7f)
    #expect(try !Self.unpacked(type, bytes, rows: 1, columns: 64).isFinite)
  }
}
