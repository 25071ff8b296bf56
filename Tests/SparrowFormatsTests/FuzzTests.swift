import SparrowBlocks
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowFormats

/// Damaged files either open, and then all of them can be read, or throw a `SparrowError`.
@Suite struct FuzzTests {
  private static let safetensorsSample: [UInt8] = {
    var writer = SafetensorsWriter()
    writer.annotate("k", "v")
    for (name, count) in [("a", 4), ("b.weight", 6), ("c", 0)] {
      try! writer.add(name: name, shape: [count], floats: Array(repeating: 1, count: count))
    }
    try! writer.add(name: "d", type: .u8, shape: [3, 1], bytes: [1, 2, 3])
    return writer.fileBytes()
  }()

  private static let indexSample = Array(
    (#"{"metadata": {"total_size": 96}, "weight_map": {"a": "one.safetensors", "#
      + #""b.weight": "one.safetensors", "c": "one.safetensors", "d": "one.safetensors"}}"#).utf8)

  private static let configSample = Array(
    (#"{"model_type": "llama", "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0, "#
      + #""type": "linéaire\n\u00e9"}, "layers": [1, -2, 3.5, true, false, null]}"#).utf8)

  /// Runs `read` on `count` damaged forms of `sample`; returns how many were still accepted.
  private func fuzz(
    _ sample: [UInt8], count: Int, seed: UInt64, donors: [[UInt8]] = [],
    _ read: ([UInt8]) throws -> Void
  ) throws -> Int {
    var mutator = Mutator(seed: seed)
    var accepted = 0
    for _ in 0..<count {
      do {
        try read(mutator.mutate(sample, donors: donors))
        accepted += 1
      } catch let error as SparrowError {
        guard !error.description.contains("\n"), error.description.utf8.count < 4_096 else {
          throw error
        }
      }
    }
    return accepted
  }

  @Test func damagedGGUF() throws {
    let accepted = try fuzz(GGUFBuilder.sample.bytes, count: 30_000, seed: 1) { bytes in
      let file = try inMemory(bytes)
      let (metadata, tensors) = try GGUFParser.parse(file)
      let checkpoint = try Checkpoint(
        path: "memory", kind: .gguf, files: [file], tensors: tensors, metadata: metadata)
      readEverything(checkpoint)
    }
    #expect(accepted > 1_500)
    #expect(accepted < 27_000)
  }

  @Test func damagedSafetensors() throws {
    let accepted = try fuzz(
      Self.safetensorsSample, count: 15_000, seed: 2, donors: [Self.configSample]
    ) { bytes in
      let file = try inMemory(bytes)
      let header = try SafetensorsHeader.parse(file)
      let checkpoint = try Checkpoint(
        path: "memory", kind: .huggingFace, files: [file], tensors: header.tensors,
        annotations: header.annotations)
      readEverything(checkpoint)
    }
    #expect(accepted > 300)
    #expect(accepted < 14_000)
  }

  /// Headers of valid JSON whose types, shapes and offsets are drawn from plausible lies.
  @Test func lyingSafetensors() throws {
    var mutator = Mutator(seed: 6)
    let types = ["F32", "F32", "F16", "BF16", "U8", "U8", "I64", "BOOL", "F8_E4M3"]
    let sizes = [0, 1, 1, 2, 2, 3, 4, 8, 1 << 40, 1 << 41, .max, -1]
    func pick<T>(_ values: [T]) -> T { values[mutator.below(values.count)] }
    var accepted = 0
    for _ in 0..<10_000 {
      var members: [(key: String, value: JSON)] = []
      var at = 0
      for number in 0..<mutator.below(4) {
        let shape = (0..<mutator.below(3)).map { _ in pick(sizes) }
        let type = pick(types)
        let width = ["F32": 4, "F16": 2, "BF16": 2, "I64": 8][type] ?? 1
        let honest = shape.reduce(width) { $0.multipliedReportingOverflow(by: $1).partialValue }
        let end = mutator.below(8) == 0 ? pick(sizes) : at &+ honest
        let name = mutator.below(20) == 0 ? "t" : "t\(number)"
        let entry: JSON = [
          "dtype": .string(type), "shape": .array(shape.map { .integer($0) }),
          "data_offsets": [.integer(mutator.below(16) == 0 ? pick(sizes) : at), .integer(end)],
        ]
        members.append((name, entry))
        at = end
      }
      var header = JSON.object(members).text()
      header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
      let data = mutator.below(8) == 0 ? mutator.below(64) : min(max(at, 0), 4_096)
      do {
        let file = try inMemory(safetensors(header: header, data: data))
        let tensors = try SafetensorsHeader.parse(file).tensors
        let files = [file]
        readEverything(
          try Checkpoint(path: "memory", kind: .huggingFace, files: files, tensors: tensors))
        accepted += 1
      } catch {
        #expect(error is SparrowError)
      }
    }
    #expect(accepted > 1_000)
    #expect(accepted < 9_000)
  }

  @Test func damagedShardIndex() throws {
    let accepted = try fuzz(Self.indexSample, count: 10_000, seed: 3) { bytes in
      let index = try ShardIndex.parse(inMemory(bytes))
      for shard in index.shards { #expect(!shard.contains("/")) }
      for (_, shard) in index.tensors { #expect(index.shards.indices.contains(shard)) }
    }
    #expect(accepted > 100)
  }

  @Test func damagedFolders() throws {
    let folder = try TemporaryFolder()
    var mutator = Mutator(seed: 4)
    var accepted = 0
    for round in 0..<600 {
      func maybe(_ part: Int, _ sample: [UInt8]) -> [UInt8] {
        round % 3 == part ? mutator.mutate(sample) : sample
      }
      try folder.write("one.safetensors", maybe(0, Self.safetensorsSample))
      try folder.write("model.safetensors.index.json", maybe(1, Self.indexSample))
      try folder.write("config.json", maybe(2, Self.configSample))
      do {
        readEverything(try Checkpoint.open(folder.path))
        accepted += 1
      } catch {}
    }
    #expect(accepted > 20)
  }

  @Test func damagedFiles() throws {
    let folder = try TemporaryFolder()
    let accepted = try fuzz(GGUFBuilder.sample.bytes, count: 600, seed: 5) { bytes in
      readEverything(try Checkpoint.open(folder.write("m.gguf", bytes)))
    }
    #expect(accepted > 20)
  }

  /// Cut at every 64 bytes, and at each of the last 64 before the padding.
  @Test(arguments: ["gguf/llama3.gguf", "formats/reference.gguf", "formats/reference.safetensors"])
  func truncatedFixtures(_ name: String) throws {
    let bytes = try contents(of: Fixtures.path(name))
    let end = try Checkpoint.open(Fixtures.path(name)).tensors.map { $0.offset + $0.byteCount }
      .max()!
    let cuts = Array(stride(from: 0, to: end, by: 64)) + (1...64).map { end - $0 }
    for cut in cuts {
      let file = try bytes[..<cut].withUnsafeBytes { try MappedFile(copying: $0, path: name) }
      #expect(throws: SparrowError.self) {
        if name.hasSuffix(".gguf") {
          _ = try GGUFParser.parse(file)
        } else {
          _ = try SafetensorsHeader.parse(file)
        }
      }
    }
  }

  // MARK: Reading

  private func readEverything(_ checkpoint: Checkpoint) {
    var sum = 0
    for tensor in checkpoint.tensors {
      for byte in checkpoint.bytes(of: tensor) { sum &+= Int(byte) }
      sum &+= tensor.elementCount
      checkpoint.release(tensor)
    }
    if let metadata = checkpoint.metadata {
      for key in metadata.keys { read(metadata[key]!, &sum) }
    }
    if checkpoint.byteCount < 0 { Issue.record("\(sum)") }
    withExtendedLifetime(checkpoint) {}
  }

  private func read(_ value: GGUFValue, _ sum: inout Int) {
    switch value {
    case .strings(let strings):
      for index in 0..<strings.count { sum &+= strings.bytes(at: index).count }
    case .numbers(let numbers):
      for index in 0..<numbers.count {
        sum &+= numbers.int(at: index) ?? 0
        if numbers.double(at: index).isNaN { sum &+= 1 }
      }
    case .arrays(let arrays):
      for array in arrays { read(array, &sum) }
    default: sum &+= value.typeName.utf8.count
    }
  }
}
