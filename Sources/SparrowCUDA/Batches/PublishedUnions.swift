import SparrowCore
import SparrowTransformer

/// What rows of a batch choose together, as Polar Sparsity's routers were tuned to for OPT (arXiv
/// 2505.14884; means over layers of the neurons kept in its repository's settings).
struct PublishedUnions {
  let shape: SyntheticShape
  /// Part of the neurons, by the number of rows.
  let neurons: [Int: Double]

  /// Of heads a row keeps what Deja Vu keeps (arXiv 2310.17157).
  static let heads = 0.42

  /// Of the neurons, what a row chooses.
  var density: Double { neurons[1]! }

  private static let tables: [String: [Int: Double]] = [
    "opt-6.7b": [1: 0.095, 2: 0.153, 4: 0.206, 8: 0.290, 16: 0.398],
    "opt-30b": [1: 0.075, 2: 0.098, 4: 0.141, 8: 0.209, 16: 0.304],
    "opt-66b": [1: 0.075, 2: 0.080, 4: 0.116, 8: 0.175, 16: 0.263],
  ]

  /// Throws `.argument` for a shape whose unions nobody has published.
  init(_ name: String) throws(SparrowError) {
    guard let table = Self.tables[name] else {
      throw SparrowError(
        .argument, field: "--shape", found: name,
        expected: Self.tables.keys.sorted().joined(separator: ", ") + " beside --batch")
    }
    shape = try .named(name)
    neurons = table
  }

  /// The model of that shape.
  func model() throws(SparrowError) -> ModelConfiguration {
    func number(_ value: Int) -> JSON { .integer(value) }
    return try ModelConfiguration(
      huggingFace: .object([
        ("model_type", "opt"), ("activation_function", "relu"), ("do_layer_norm_before", true),
        ("hidden_size", number(shape.width)), ("ffn_dim", number(shape.neurons)),
        ("num_attention_heads", number(shape.heads)), ("num_hidden_layers", number(shape.layers)),
        ("word_embed_proj_dim", number(shape.width)), ("vocab_size", number(shape.vocabulary)),
        ("max_position_embeddings", 2048), ("bos_token_id", 2), ("eos_token_id", 2),
        ("pad_token_id", 1),
      ]), file: shape.name)
  }
}

/// Which numbers each row of a batch chooses, by chance.
struct PlantedChoice {
  /// `[rows]`, each ascending.
  let rows: [Set<Int>]

  /// Each row chooses a part of `own` of so many numbers, all of them together a part of `union`.
  init(
    rows: Int, of count: Int, own: Double, union: Double, _ random: inout SeededRandom
  ) {
    let each = max(1, Int((own * Double(count)).rounded()))
    let all = (0..<count).shuffled(using: &random)
      .prefix(min(rows * each, max(each, Int((union * Double(count)).rounded()))))
    self.rows = (0..<rows).map { row in
      // A part of the union that is this row's alone at first, so that together they are all of it.
      var chosen = Set(stride(from: row, to: all.count, by: rows).map { all[$0] })
      var place = Int(random.next() % UInt64(all.count))
      while chosen.count < each {
        chosen.insert(all[place])
        place = (place + 1) % all.count
      }
      return chosen
    }
  }

  /// Of the numbers chosen by each row for itself, by chance.
  init(rows: Int, of count: Int, own: Double, _ random: inout SeededRandom) {
    let each = max(1, Int((own * Double(count)).rounded()))
    self.rows = (0..<rows).map { _ in
      Set((0..<count).shuffled(using: &random).prefix(each))
    }
  }

  var union: Set<Int> { rows.reduce(into: []) { $0.formUnion($1) } }

  /// Scores of which those above zero choose, `[rows][width]`.
  func scores(width: Int) -> [Float] {
    rows.flatMap { chosen in (0..<width).map { chosen.contains($0) ? 1 : -1 } }
  }
}
