public import SparrowCore
internal import SparrowFormats

extension Adapter {
  /// What tells an adapter's folder from others: SHA-256 of its plan and of its tensors' samples.
  ///
  /// Throws what reading the files throws.
  public static func identity(of folder: String) throws(SparrowError) -> String {
    var hash = SHA256()
    hash.update(SHA256.hex(of: try MappedFile(path: folder + "/" + planName)))
    hash.update(try Checkpoint.open(folder + "/" + tensorsName).sampleHash())
    return hash.hexDigest()
  }
}
