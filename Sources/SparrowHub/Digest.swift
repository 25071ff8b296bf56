internal import SparrowCore

/// SHA-256 of bytes in memory as hexadecimal digits.
func hexSHA256(_ bytes: [UInt8]) -> String {
  var hash = SHA256()
  hash.update(bytes)
  return hash.hexDigest()
}

/// SHA-256 of a file, `progress` told of the bytes read so far. Pages are given back as they are
/// read.
func digest(
  ofFile path: String, progress: (Int) throws(SparrowError) -> Void = { _ in }
) throws(SparrowError) -> SHA256 {
  let file = try MappedFile(path: path)
  defer { withExtendedLifetime(file) {} }
  var hash = SHA256()
  var start = 0
  while start < file.bytes.count {
    let end = min(start + 1 << 23, file.bytes.count)
    hash.update(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
    file.release(start..<end)
    start = end
    try progress(start)
  }
  return hash
}
