import CSparrowCUDA
import SparrowCore
import Testing

@testable import SparrowCUDA

/// Dimensions that people compare by, and where a synthetic model's weights lie.
@Suite struct SyntheticShapeTests {
  @Test(
    "a shape has as many weights as its name says",
    arguments: [
      ("opt-6.7b", 6.66e9), ("opt-13b", 12.85e9), ("opt-30b", 29.97e9), ("opt-66b", 65.7e9),
      ("llama2-7b", 6.61e9), ("llama3-8b", 7.5e9), ("llama3.2-1b", 1.24e9), ("hire-1b", 1.45e9),
    ])
  func parameters(name: String, count: Double) throws {
    let shape = try SyntheticShape.named(name)
    #expect(abs(Double(shape.parameterCount) / count - 1) < 0.01)
  }

  @Test("a shape that is not in the table is refused with those that are")
  func unknown() throws {
    let found = #expect(throws: SparrowError.self) { _ = try SyntheticShape.named("opt-7b") }
    #expect(found?.field == "--shape" && found?.expected.contains("opt-6.7b") == true)
  }

  @Test("sparsities that no kernel has are refused")
  func refused() throws {
    let opt = try SyntheticShape.named("opt-6.7b")
    func field(_ make: () throws -> SyntheticSparsity) -> String? {
      do {
        _ = try make()
        return nil
      } catch { return (error as? SparrowError)?.field }
    }
    #expect(field { try .init(density: 0, predictor: .given, of: opt) } == "--density")
    #expect(field { try .init(density: 0.1, predictor: .lowRank(1000), of: opt) } == "--rank")
    #expect(
      field { try .init(density: 0.1, headDensity: 0.5, predictor: .router, of: opt) }
        == "--heads")
    #expect(field { try .init(density: 0.1, predictor: .router, group: 7, of: opt) } == "--group")
    #expect(field { try .init(density: 0.1, predictor: .sketch, of: opt) } == "--shape")
    #expect(field { try .init(density: 0.1, predictor: .lowRank(1024), of: opt) } == nil)
    #expect(
      field { try .init(density: 0.1, predictor: .given, predictorFormat: .q8_0, of: opt) }
        == "--predictor-format")
    let small = try SyntheticShape.named("llama3.2-1b")
    #expect(
      field { try .init(density: 0.1, predictor: .router, predictorFormat: .q8_0, of: small) }
        == "--predictor-format")
  }

  @Test("parts of a layout stand apart and hold all weights")
  func layout() throws {
    let shape = try SyntheticShape.named("opt-6.7b")
    let sparsity = try SyntheticSparsity(
      density: 0.1, headDensity: 0.42, predictor: .lowRank(256), of: shape)
    let layout = SyntheticLayout(shape, sparsity, context: 512)
    for parts in [layout.layerParts, layout.endParts] {
      for (part, next) in zip(parts, parts.dropFirst()) {
        #expect(part.offset % 256 == 0 && part.offset + part.byteCount <= next.offset)
      }
    }
    let matrices = layout.layerParts.filter { $0.format == SCU_BF16 && $0.center == 0 }
    let weights = shape.parameterCount - shape.width * shape.vocabulary
    let predictors = layout.predictorBytes(sparsity) / 2
    let count = matrices.reduce(0) { $0 + $1.count } - 2 * shape.width
    #expect(count == weights / shape.layers + predictors)
    #expect(layout.pageCount == 9 && layout.pageBytes == 32 * 2 * 32 * 64 * 128 * 2)
  }

  @Test(
    "a row of blocks is its numbers, its scales, and an odd number of sixteen bytes",
    arguments: [
      (StepFormat.bf16, 4096, 8192), (.q8_0, 4096, 4368), (.q4_0, 4096, 2320),
      (.q8_0, 128, 144), (.q4_0, 128, 80), (.q4_0, 256, 144),
    ])
  func rows(format: StepFormat, columns: Int, bytes: Int) {
    #expect(format.rowBytes(columns) == bytes)
  }

  @Test("weights of blocks are numbers times the scale of their 32 columns")
  func weights() {
    var row = [UInt8](repeating: 0, count: StepFormat.q4_0.rowBytes(64))
    row[4 + 2] = 0x8f  // columns 10 and 14
    row[16] = 0x21  // columns 32 and 36
    row.replaceSubrange(32..<36, with: [0, 0x3c, 0, 0x40])  // 1 and 2
    let four = row.withUnsafeBytes { StepFormat.q4_0.weights($0.baseAddress!, 64) }
    #expect(four[10] == -1 && four[14] == -8 && four[32] == 2 && four[36] == 4)
    #expect(four.filter { $0 != 0 }.count == 4)
    row.replaceSubrange(32..<36, with: [0x80, 0x7f, 0, 0])
    row += [UInt8](repeating: 0, count: 64)
    row.replaceSubrange(64..<68, with: [0, 0x3c, 0, 0x40])
    let eight = row.withUnsafeBytes { StepFormat.q8_0.weights($0.baseAddress!, 64) }
    #expect(eight[16] == 0x21 && eight[32] == -256 && eight[33] == 254)
  }

  @Test("a layout of blocks holds rows of them, numbers of any bits before their scales")
  func blocks() throws {
    let shape = try SyntheticShape.named("llama2-7b").stored(as: .q4_0)
    let layout = SyntheticLayout(shape, nil, context: 64)
    let matrices = layout.layerParts.filter { $0.row != 0 }
    #expect(matrices.map(\.bits) == [1024, 32, 1024, 1024, 1024])
    #expect(matrices.map(\.row) == [1160, 40, 1160, 1160, 1160])
    #expect(matrices[1].byteCount == 32 * 4096 * 80)
    #expect(layout.headBytes(nil, computed: 32000) == 32000 * 2320)
  }

  @Test("predictors of a format of their own lie apart, and of the weights' behind projections")
  func predictors() throws {
    let shape = try SyntheticShape.named("opt-6.7b")
    func layout(_ format: StepFormat) throws -> (SyntheticLayout, Int) {
      let sparsity = try SyntheticSparsity(
        density: 0.1, headDensity: 0.42, predictor: .lowRank(1024), predictorFormat: format,
        of: shape)
      let layout = SyntheticLayout(shape, sparsity, context: 64)
      return (layout, layout.predictorBytes(sparsity))
    }
    let (same, sameBytes) = try layout(.bf16)
    #expect(same.offsets.predictor_inputs == 0)
    #expect(same.layerParts[0].count == (12288 + 2048) * 4096)
    #expect(sameBytes == (2048 * 4096 + 16416 * 1024) * 2)
    let (apart, apartBytes) = try layout(.q8_0)
    #expect(apart.offsets.predictor_inputs == 12288 * 4096 * 2)
    #expect(apart.layerParts[0].count == 12288 * 4096)
    #expect(apart.layerParts[1].byteCount == 2048 * 4368 && apart.layerParts[1].bits == 2048)
    #expect(apartBytes == 2048 * 4368 + 16416 * 1104)
  }

  @Test("blocks are for shapes of sixteen columns a thread", arguments: SyntheticShape.all)
  func stored(shape: SyntheticShape) throws {
    let has = ["opt-6.7b", "opt-13b", "opt-30b", "llama2-7b", "llama3-8b"].contains(shape.name)
    #expect(has == ((try? shape.stored(as: .q8_0)) != nil))
    #expect(try shape.stored(as: .bf16) == shape)
  }

  @Test("a step's phases: five a layer, a sketch within its network, the head's in two")
  func phases() throws {
    let shape = try SyntheticShape.named("hire-1b")
    func kinds(_ sparsity: SyntheticSparsity?) -> [scu_phase_kind] {
      SyntheticModel.phases(shape, sparsity).map {
        scu_phase_kind(UInt32($0) & (1 << SCU_LAYER_SHIFT - 1))
      }
    }
    #expect(kinds(nil).count == 5 * 10 + 2 && kinds(nil).last == SCU_LOGITS)
    #expect(SyntheticModel.phases(shape, nil)[5 * 9 + 1] >> SCU_LAYER_SHIFT == 9)
    let sketched = kinds(
      try SyntheticSparsity(
        density: 0.1, predictor: .sketch, every: 2, hasSparseHead: true, of: shape))
    #expect(sketched.filter { $0 == SCU_SKETCHED }.count == 5)
    #expect(sketched.suffix(2) == [SCU_HEAD_ROWS, SCU_TOKENS])
  }

  @Test("a device without bulk copies, and one that is too small, are refused with both sides")
  func devices() throws {
    func refusal(_ change: (inout scu_driver) -> Void) -> SparrowError? {
      do {
        let shape = try SyntheticShape.named("opt-13b")
        _ = try SyntheticModel(shape, nil, context: 512, KernelLibrary.test(change))
        return nil
      } catch { return error }
    }
    let old = refusal {
      $0.device_attribute = { value, attribute, _ in
        value!.pointee = [75: 8, 76: 6, 16: 84, 97: 101_376][attribute] ?? 0
        return 0
      }
    }
    #expect(old?.kind == .unsupported && old?.found == "Test device: 86")
    let small = refusal {
      $0.memory_info = { free, total in
        free!.pointee = 24 << 30
        total!.pointee = 24 << 30
        return 0
      }
    }
    #expect(small?.kind == .system && small?.found == "26.2 GB of weights and cache")
    #expect(small?.expected == "at most 25.8 GB, which are free")
  }

  @Test("halves are read and rounded as the cache has them")
  func halves() {
    #expect(halfValue(0x3c00) == 1 && halfValue(0xc000) == -2 && halfValue(1) == 0x1p-24)
    #expect(halfRounded(1 + 0x1p-12) == 1 && halfRounded(1 + 3 * 0x1p-11) == 1 + 0x1p-9)
    #expect(halfRounded(0x1p-25) == 0 && halfRounded(-0.1) == -0.0999755859375)
  }
}
