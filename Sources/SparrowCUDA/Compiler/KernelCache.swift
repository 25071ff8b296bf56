package import SparrowCore

/// Machine code of kernels on disk, so that each is compiled once a machine.
///
/// A file's name is the hash of everything that the compiler is given; a file ends with the hash of
/// its machine code, and one that is damaged is made again.
package struct KernelCache: Sendable {
  private let folder: String?
  private let compiler: @Sendable () throws(SparrowError) -> KernelCompiler

  /// Without a folder everything is compiled anew. The compiler is opened when it is first needed.
  package init(
    folder: String?, compiler: @escaping @Sendable () throws(SparrowError) -> KernelCompiler
  ) {
    self.folder = folder
    self.compiler = compiler
  }

  /// The machine code of a source. Throws what compiling throws; a cache that cannot be written
  /// costs time only.
  package func image(
    of source: String, name: String, architecture: Int, constants: [(String, Int)] = []
  ) throws(SparrowError) -> [UInt8] {
    let path = folder.map {
      "\($0)/\(name)-\(key(source, architecture, constants)).cubin"
    }
    if let path, let image = read(path) { return image }
    let image = try compiler().compile(
      source, name: name, architecture: architecture, constants: constants)
    if let folder, let path {
      try? Files.makeFolder(folder)
      try? Files.write(image + digest(image), to: path)
    }
    return image
  }

  private func key(
    _ source: String, _ architecture: Int, _ constants: [(String, Int)]
  ) -> String {
    var hash = SHA256()
    for option in KernelCompiler.options(architecture, constants) { hash.update(option + "\n") }
    hash.update(source)
    return String(hash.hexDigest().prefix(32))
  }

  private func read(_ path: String) -> [UInt8]? {
    guard Files.isFile(path), let bytes = try? Files.read(path), bytes.count > 32 else {
      return nil
    }
    let image = Array(bytes.dropLast(32))
    return digest(image).elementsEqual(bytes.suffix(32)) ? image : nil
  }

  private func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.digest()
  }
}
