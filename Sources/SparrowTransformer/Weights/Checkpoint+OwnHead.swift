package import SparrowCore
package import SparrowFormats

extension Checkpoint {
  /// The head that a Hugging Face folder holds beside an embedding of other values, though
  /// `configuration` ties them: transformers then leaves them apart. nil where there is none, or
  /// the same one.
  ///
  /// Costs reading both, as far as they are the same.
  package func ownHead(_ configuration: ModelConfiguration) throws(SparrowError) -> TensorEntry? {
    let names = WeightNames.huggingFace(configuration)
    guard let name = names[.head], let head = self[name.pattern] ?? self[name.oldPattern ?? ""],
      let table = names[.tokenEmbedding]?.pattern,
      let embedding = names.prefixes.lazy.compactMap({ self[$0 + table] }).first
    else { return nil }
    guard head.type == embedding.type, head.shape == embedding.shape else {
      guard head.shape == embedding.shape, head.type.isFloat, embedding.type.isFloat else {
        return head
      }
      return try floats(head) == floats(embedding) ? nil : head
    }
    return withExtendedLifetime(self) {
      areEqual(bytes(of: head), bytes(of: embedding)) ? nil : head
    }
  }

  /// Eight bytes at a time; both have the same count.
  private func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at + 8 <= a.count {
      guard
        a.loadUnaligned(fromByteOffset: at, as: UInt64.self)
          == b.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      else { return false }
      at += 8
    }
    return a[at...].elementsEqual(b[at...])
  }
}
