import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import Testing

@Suite struct EncodingTests {
  static let types: [ElementType] = [.f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0]
  static let others = ElementType.allCases.filter { $0 != .f32 && !types.contains($0) }

  /// The row's bytes; nil where the type cannot hold the numbers.
  static func encode(_ type: ElementType, _ x: [Float]) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: type.byteCount(elements: x.count)!)
    return type.encode(x, count: x.count, into: &bytes) ? bytes : nil
  }

  @Test(arguments: types)
  func matchesTheReference(_ type: ElementType) throws {
    let file = try Checkpoint.open(Fixtures.path("quants.safetensors"))
    let floats = try #require(file["floats"])
    let expected = file.bytes(of: try #require(file["\(type.rawValue.uppercased()).encoded"]))
    let rows = floats.shape[0]
    let columns = floats.shape[1]
    for row in 0..<rows {
      let x = (0..<columns).map {
        file.bytes(of: floats).loadUnaligned(
          fromByteOffset: 4 * (row * columns + $0), as: Float.self)
      }
      let size = expected.count / rows
      #expect(Self.encode(type, x) == Array(expected[row * size..<(row + 1) * size]), "row \(row)")
    }
  }

  @Test func floatsStayAsTheyAre() {
    let x: [Float] = [1.5, -0.1, 1e30, 0x1p-149]
    #expect(Self.encode(.f32, x) == x.withUnsafeBytes { Array($0) })
  }

  @Test(arguments: types, [.nan, .infinity, 1e38, -.greatestFiniteMagnitude] as [Float])
  func refusesWhatTheTypeCannotHold(_ type: ElementType, _ value: Float) {
    var x = [Float](repeating: 1, count: 64)
    x[40] = value
    x[41] = -value
    let holds = type == .bf16 && value == 1e38
    #expect((Self.encode(type, x) != nil) == holds)
  }

  /// 1 over their scale is no number.
  @Test(arguments: types)
  func takesTheSmallestNumbers(_ type: ElementType) {
    let x = (0..<32).map { Float($0 - 16) * 0x1p-149 }
    #expect(Self.encode(type, x) != nil)
  }

  @Test(arguments: others)
  func hasNoQuantiserOfOthers(_ type: ElementType) {
    #expect(Self.encode(type, [Float](repeating: 1, count: 256)) == nil)
  }

  @Test func namesTheTensorThatDoesNotFit() throws {
    let error = #expect(throws: SparrowError.self) {
      try ElementType.f16.encode([1, 1e6], tensor: "a.weight")
    }
    #expect(error?.kind == .mismatch && error?.field == "a.weight")
    #expect(try ElementType.q8_0.encode([], tensor: "a.weight") == [])
  }
}
