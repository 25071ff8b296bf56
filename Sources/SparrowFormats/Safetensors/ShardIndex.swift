internal import SparrowCore

/// Reads `model.safetensors.index.json`: which shard holds which tensor.
struct ShardIndex {
  static let maximumShards = 10_000

  /// Names of the shards in their folder, in the order in which the index first names them.
  let shards: [String]
  /// Tensor names with the position of their shard in `shards`, in the order of the index.
  let tensors: [(name: String, shard: Int)]

  static func parse(_ source: MappedFile) throws(SparrowError) -> ShardIndex {
    try ShardIndex(JSON.parse(source), file: source.path)
  }

  private init(_ json: JSON, file: String) throws(SparrowError) {
    let maps = (json.members ?? []).filter { $0.key == "weight_map" }
    guard maps.count == 1, let members = maps[0].value.members, !members.isEmpty else {
      throw SparrowError(
        .malformed, file: file, field: "weight_map",
        found: maps.count > 1 ? "\(maps.count) of them" : "no entries",
        expected: "one object from tensors to shards")
    }
    var shards: [String] = []
    var positions: [NameKey: Int] = [:]
    var names: Set<NameKey> = []
    var tensors: [(name: String, shard: Int)] = []
    for (name, value) in members {
      guard names.insert(NameKey(name)).inserted else {
        throw SparrowError(
          .malformed, file: file, field: "weight_map: " + name.quoted, found: "a second entry",
          expected: "each tensor once")
      }
      guard let shard = value.string, Self.isPlainName(shard) else {
        throw SparrowError(
          .malformed, file: file, field: "weight_map: " + name.quoted,
          found: value.string?.quoted ?? "no string",
          expected: "the name of a .safetensors file in the same folder")
      }
      let position = positions[NameKey(shard)] ?? shards.count
      if position == shards.count {
        guard position < Self.maximumShards else {
          throw SparrowError(
            .malformed, file: file, field: "weight_map", found: "more shards",
            expected: "at most \(Self.maximumShards)")
        }
        positions[NameKey(shard)] = position
        shards.append(shard)
      }
      tensors.append((name, position))
    }
    self.shards = shards
    self.tensors = tensors
  }

  /// Whether a shard's name stays in its folder: no path, nothing hidden, no control characters.
  static func isPlainName(_ name: String) -> Bool {
    !name.hasControlCharacter && !name.hasPrefix(".") && name.hasSuffix(".safetensors")
      && name.utf8.count <= 255
      && !name.utf8.contains {
        [UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ":")].contains($0)
      }
      && !name.contains("..")
  }
}
