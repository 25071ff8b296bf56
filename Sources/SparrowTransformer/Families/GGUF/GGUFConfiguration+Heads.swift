import SparrowCore
import SparrowFormats

extension GGUFConfiguration {
  /// Gives layers with windows heads of their own size, each layer its number of heads of keys, and
  /// keys for values where it has no matrix of those.
  func setHeads(_ layers: inout [LayerDescription]) throws(SparrowError) {
    let keyValueHeads = try keyValueHeads(layers.count, usual: layers[0].attention.heads)
    for index in layers.indices {
      var attention = layers[index].attention
      if attention.window > 0 {
        let length = attention.headDimension
        attention.headDimension = try fields.count("attention.key_length_swa", length)
        try require("attention.value_length_swa", equals: attention.headDimension, or: length)
        guard attention.rotary?.dimension ?? 0 <= attention.headDimension else {
          throw fields.error(
            "rope.dimension_count_swa", found: "\(attention.rotary?.dimension ?? 0)",
            expected: "at most \(attention.headDimension)")
        }
      }
      attention.keyValueHeads = keyValueHeads[index]
      attention.valuesAreKeys = checkpoint["blk.\(index).attn_v.weight"] == nil
      layers[index].attention = attention
    }
  }

  /// Of each layer: the key is one number, or has one for each.
  private func keyValueHeads(_ layers: Int, usual heads: Int) throws(SparrowError) -> [Int] {
    let suffix = "attention.head_count_kv"
    guard case .numbers = fields.value(suffix) else {
      return Array(repeating: try fields.count(suffix, heads), count: layers)
    }
    let counts = try fields.metadata.ints(fields.key(suffix))
    guard counts.count == layers, counts.allSatisfy({ $0 > 0 && heads % $0 == 0 }) else {
      throw fields.error(
        suffix, found: "\(counts.prefix(8))",
        expected: "a divisor of \(heads) heads for each of \(layers) layers")
    }
    return counts
  }
}
