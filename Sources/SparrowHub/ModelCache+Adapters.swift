internal import SparrowCore

extension ModelCache {
  /// Where the adapter made for a model lies unless its maker said otherwise: a folder named after
  /// the model's file and the hash of its path.
  public func adapterPath(forModel path: String) -> String {
    let name = ModelCache.fileName(ofURL: "file://x/" + path.lastComponent)
    return root + "/adapters/" + name + "-" + hexSHA256(Array(path.utf8)).prefix(12)
  }

  /// The adapter made for a model; nil when there is none yet.
  public func adapter(forModel path: String) -> String? {
    let folder = adapterPath(forModel: path)
    return Files.isFile(folder + "/adapter.json") ? folder : nil
  }
}
