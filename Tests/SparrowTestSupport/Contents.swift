internal import SparrowCore

/// A copy of a file's bytes.
public func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path: path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}
