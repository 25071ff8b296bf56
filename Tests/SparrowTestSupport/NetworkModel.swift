public import SparrowBlocks
import SparrowCore

/// Makes GGUF models whose attention adds nothing, so that a step is their feed-forward networks
/// alone.
public struct NetworkModel {
  /// The type of the networks' matrices and that of attention's; all else is float32.
  public var type: ElementType
  public var attention: ElementType
  public var hidden: Int
  public var width: Int
  public var layers: Int
  /// Llama's shape with a gate and RMS norms, or GPT-2's with neither.
  public var isGated: Bool
  public var hasBiases: Bool
  /// As checkpoints call it.
  public var activation: String
  public static let vocabulary = 32

  public init(
    type: ElementType, attention: ElementType = .f32, hidden: Int = 96, width: Int = 160,
    layers: Int = 1, isGated: Bool = true, hasBiases: Bool = false, activation: String = "silu"
  ) {
    self.type = type
    self.attention = attention
    self.hidden = hidden
    self.width = width
    self.layers = layers
    self.isGated = isGated
    self.hasBiases = hasBiases
    self.activation = activation
  }

  /// The file; equal for equal seeds.
  public func bytes(seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var file = GGUFBuilder()
    addMetadata(&file)
    func floats(_ name: String, _ dimensions: [Int], _ value: (_ index: Int) -> Float) {
      let values = (0..<dimensions.reduce(1, *)).map(value)
      file.add(
        name, dimensions.map(UInt64.init), bytes: values.withUnsafeBytes { Array($0) })
    }
    func zeros(_ name: String, _ type: ElementType = .f32, rows: Int) {
      file.add(
        name, [UInt64(hidden), UInt64(rows)], type: type.ggmlNumber!,
        bytes: [UInt8](repeating: 0, count: type.byteCount(elements: hidden * rows)!))
    }
    func matrix(_ name: String, rows: Int, columns: Int) {
      file.add(
        name, [UInt64(columns), UInt64(rows)], type: type.ggmlNumber!,
        bytes: type.randomBytes(elements: rows * columns, &random))
    }
    func bias(_ name: String, _ count: Int) {
      if hasBiases { floats(name + ".bias", [count]) { _ in random.uniform() - 0.5 } }
    }
    func norm(_ name: String) {
      var weight: Float = 0
      floats(name + ".weight", [hidden]) { index in
        if index % 32 == 0 { weight = 0.75 + random.uniform() / 2 }
        return weight
      }
      if !isGated { floats(name + ".bias", [hidden]) { _ in 0 } }
    }
    let embedding = (0..<Self.vocabulary).flatMap { _ in
      (0..<(hidden + 31) / 32).flatMap { _ in steps(&random) }.prefix(hidden)
    }
    floats("token_embd.weight", [hidden, Self.vocabulary]) { embedding[$0] }
    if !isGated { zeros("position_embd.weight", rows: 64) }
    norm("output_norm")
    for layer in 0..<layers {
      let name = "blk.\(layer)."
      norm(name + "attn_norm")
      let parts =
        isGated ? [("q", hidden), ("k", hidden), ("v", hidden)] : [("qkv", 3 * hidden)]
      for (part, rows) in parts { zeros(name + "attn_\(part).weight", attention, rows: rows) }
      zeros(name + "attn_output.weight", attention, rows: hidden)
      norm(name + "ffn_norm")
      for part in isGated ? ["gate", "up"] : ["up"] {
        matrix(name + "ffn_\(part).weight", rows: width, columns: hidden)
        bias(name + "ffn_\(part)", width)
      }
      matrix(name + "ffn_down.weight", rows: hidden, columns: width)
      bias(name + "ffn_down", hidden)
    }
    return file.bytes
  }

  /// 32 elements whose mean is 0: steps of a scale that the greatest has 127 of.
  ///
  /// A network's inputs are then, in the first layer, the same in blocks of 8 bits as in float32:
  /// backends that round the inputs of block formats compute what others do. They are small beside
  /// what networks add.
  private func steps(_ random: inout SeededRandom) -> [Float] {
    let halves = [127] + (1..<16).map { _ in Float(random.next() % 128) }
    var all = (halves + halves.map { -$0 }).map { $0 / 16384 }
    for index in all.indices { all.swapAt(index, Int(random.next() % 32)) }
    return all
  }

  private func addMetadata(_ file: inout GGUFBuilder) {
    let family = isGated ? "llama" : "gpt2"
    file.set("general.architecture", .string(Array(family.utf8)))
    let norm = isGated ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
    file.set("\(family).\(norm)", .float32(1e-6))
    file.set("\(family).hidden_activation", .string(Array(activation.utf8)))
    for (key, value) in [
      ("embedding_length", hidden), ("block_count", layers), ("context_length", 64),
      ("attention.head_count", 1), ("feed_forward_length", width),
    ] {
      file.set("\(family).\(key)", .uint32(UInt32(value)))
    }
  }
}
