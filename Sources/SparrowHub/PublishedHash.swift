internal import SparrowCore

/// A file's own hash as its publisher gives it, in lower-case hexadecimal digits.
enum PublishedHash: Equatable {
  /// Of large files, which lie outside of git, and of everything that is no file of a repository.
  case sha256(String)
  /// A small file's name in git.
  case gitBlob(String)

  /// Reads 64 digits as SHA-256 and 40 as git's name, quotes around them or not: an entity tag of
  /// the hub is one of the two. Nil for any other text.
  init?(_ text: String) {
    let digits = text.filter { $0 != "\"" }.lowercased()
    guard digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
    switch digits.utf8.count {
    case 64: self = .sha256(digits)
    case 40: self = .gitBlob(digits)
    default: return nil
    }
  }

  var digits: String {
    switch self {
    case .sha256(let digits), .gitBlob(let digits): digits
    }
  }

  /// What the file at `path` has in place of this hash, for the message; nil where it has this
  /// hash.
  ///
  /// - Parameter sha256: The file's SHA-256, which every pull keeps.
  func mismatch(ofFile path: String, sha256: String) throws(SparrowError) -> String? {
    switch self {
    case .sha256(let wanted): return wanted == sha256 ? nil : "SHA-256 \(sha256)"
    case .gitBlob(let wanted):
      let file = try MappedFile(path: path)
      defer { withExtendedLifetime(file) {} }
      var blob = SHA1()
      blob.update(Array("blob \(file.bytes.count)\0".utf8))
      blob.update(file.bytes)
      if blob.hexDigest() == wanted { return nil }
      // Hubs that are not built on git name a file by its bytes alone.
      var bytes = SHA1()
      bytes.update(file.bytes)
      return bytes.hexDigest() == wanted ? nil : "git's name \(blob.hexDigest())"
    }
  }
}
