internal import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

/// An adapter whose predictors training starts from.
struct StartingAdapter: Sendable {
  let adapter: Adapter
  /// Its folder.
  let path: String

  /// Throws what reading throws.
  init(_ folder: String) throws(SparrowError) {
    adapter = try Adapter.read(folder)
    path = folder
  }

  /// Throws `.mismatch` where it was made for other weights or does not fit the model.
  func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {
    try adapter.check(base: base, name: path)
    try adapter.plan.check(model, file: path)
  }

  /// A hash of all that training takes over, part of the identity of a run: what is said of each
  /// layer, and its numbers.
  static func hash(_ layers: [Int: (text: String, numbers: [[Float]])]) -> String {
    var hash = SHA256()
    for (index, layer) in layers.sorted(by: { $0.key < $1.key }) {
      hash.update("\(index) \(layer.text) \(layer.numbers.map(\.count))\n")
      for numbers in layer.numbers { numbers.withUnsafeBytes { hash.update($0) } }
    }
    return hash.hexDigest()
  }
}
