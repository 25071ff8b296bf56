internal import CSparrowCUDA
package import SparrowCore
internal import Synchronization

/// The kernels of a device: each file is compiled when a kernel of it is first wanted, once for
/// each set of constants.
package final class KernelLibrary: Sendable {
  package let context: CUDAContext
  private let cache: KernelCache
  private let modules = Mutex<[String: CUDAModule]>([:])
  private let kernels = Mutex<[Key: CUDAKernel]>([:])

  /// What a kernel is known by.
  private struct Key: Hashable {
    let kernel: String
    let files: [String]
    let constants: [String]
    let sharedBytes: Int
  }

  package init(_ context: CUDAContext, cache: KernelCache) {
    self.context = context
    self.cache = cache
  }

  /// The kernels of the device of this number, kept in the cache's folder.
  ///
  /// Throws `.unsupported` with what to install where there is no driver, `.argument` for a device
  /// that is not there.
  package static func open(_ ordinal: Int) throws(SparrowError) -> KernelLibrary {
    let context = try CUDAContext(ordinal, driver: .open())
    let cache = KernelCache(folder: cacheFolder().map { $0 + "/kernels" }) {
      () throws(SparrowError) in try KernelCompiler.open()
    }
    return KernelLibrary(context, cache: cache)
  }

  /// A kernel by its name, of the files that are put together to its source behind what all share.
  ///
  /// Throws what compiling and loading throw; costs a second or two where the cache on disk does
  /// not have it.
  package func kernel(
    _ name: String, of files: [String], constants: [(String, Int)] = [], sharedBytes: Int = 0
  ) throws(SparrowError) -> CUDAKernel {
    let key = Key(
      kernel: name, files: files, constants: constants.map { "\($0)=\($1)" },
      sharedBytes: sharedBytes)
    if let known = kernels.withLock({ $0[key] }) { return known }
    let made = try module(key, constants).kernel(name, sharedBytes: sharedBytes)
    kernels.withLock { $0[key] = made }
    return made
  }

  private func module(
    _ key: Key, _ constants: [(String, Int)]
  ) throws(SparrowError) -> CUDAModule {
    let source = (key.files + key.constants).joined(separator: " ")
    if let known = modules.withLock({ $0[source] }) { return known }
    let image = try cache.image(
      of: Self.source(key.files), name: key.files.last!,
      architecture: context.device.architecture, constants: constants)
    let module = try CUDAModule(image, in: context)
    modules.withLock { $0[source] = module }
    return module
  }

  /// The text that is compiled for kernels of these files.
  package static func source(_ files: [String]) -> String {
    (["kernel_arguments.h", "block_formats.h", "warp.cuh"] + files).map { file in
      guard let text = scu_source(file) else { preconditionFailure("no kernel file \(file)") }
      return String(cString: text)
    }.joined(separator: "\n")
  }
}
