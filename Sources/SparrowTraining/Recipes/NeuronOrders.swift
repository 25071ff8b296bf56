internal import SparrowCore

/// The order of each layer's neurons in their groups, kept beside a run's checkpoints: a resumed
/// run has no need to group them again.
struct NeuronOrders {
  let path: String
  /// What the groups depend on: the model's hash, their size and the seed.
  let key: String

  /// The neuron at each place, by layer; nil where there is no file, or one of other groups, or one
  /// that holds no permutations.
  func read() -> [[Int32]]? {
    guard let file = try? MappedFile(path: path), let json = try? JSON.parse(file),
      json["key"]?.string == key, let lists = json["orders"]?.array
    else { return nil }
    var orders: [[Int32]] = []
    for list in lists {
      let order = (list.array ?? []).compactMap { $0.int.flatMap { Int32(exactly: $0) } }
      guard order.sorted() == order.indices.map(Int32.init), !order.isEmpty else { return nil }
      orders.append(order)
    }
    return orders
  }

  /// Throws `.system` where the file cannot be written.
  func write(_ orders: [[Int32]]) throws(SparrowError) {
    let json = JSON.object([
      ("key", .string(key)),
      ("orders", .array(orders.map { .array($0.map { .integer(Int($0)) }) })),
    ])
    var file = try AtomicFile(path: path)
    try file.write(Array(json.text().utf8))
    try file.commit()
  }
}
