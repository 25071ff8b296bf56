import SparrowCore

/// Where NVIDIA's libraries may lie.
///
/// In this order: the folders of `SPARROW_CUDA_LIBS`, the loader's own path, `CUDA_HOME`, the usual
/// folder of a toolkit, and those of Python's wheels (`nvidia-cuda-nvrtc`, `nvidia-cublas`).
package struct CUDALibraries: Sendable {
  private let environment: [String: String]
  private let root: String

  /// `root` stands in for `/` in tests.
  package init(
    environment: [String: String] = processEnvironment(), root: String = ""
  ) {
    self.environment = environment
    self.root = root
  }

  /// Names and paths to try for a library, such as `libnvrtc.so`, newest version first.
  package func candidates(_ name: String, versions: [Int] = [13, 12]) -> [String] {
    let names = versions.map { "\(name).\($0)" }
    let own = folders(environment["SPARROW_CUDA_LIBS"])
    let toolkit = folders(environment["CUDA_HOME"]).flatMap { [$0 + "/lib64", $0 + "/lib"] }
    let usual = [root + "/usr/local/cuda/lib64"]
    func within(_ folders: [String]) -> [String] {
      folders.flatMap { folder in names.map { folder + "/" + $0 } }.filter { Files.isFile($0) }
    }
    return within(own) + names + within(toolkit + usual + wheels)
  }

  private func folders(_ list: String?) -> [String] {
    list?.split(separator: ":").map(String.init) ?? []
  }

  /// `site-packages/nvidia/…/lib` of the Python in use and of the system's.
  private var wheels: [String] {
    var bases: [String] = []
    for base in [environment["VIRTUAL_ENV"], root + "/usr/local", root + "/usr"] {
      guard let base else { continue }
      for python in Files.names(in: base + "/lib") where python.hasPrefix("python3") {
        bases += ["site-packages", "dist-packages"].map { "\(base)/lib/\(python)/\($0)/nvidia" }
      }
    }
    return bases.flatMap { base in Files.names(in: base).map { "\(base)/\($0)/lib" } }
  }
}
