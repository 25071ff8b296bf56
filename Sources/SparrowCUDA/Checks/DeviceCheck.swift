import SparrowBlocks
package import SparrowCore

/// Something that a device must compute right, as `sparrow doctor` checks it.
package struct DeviceCheck: Sendable {
  package let name: String
  private let body: @Sendable (KernelLibrary, WorkerPool) throws(SparrowError) -> Finding

  /// What a check found.
  package struct Finding: Sendable {
    package let isRight: Bool
    /// For people: errors, and what should be.
    package let text: String
  }

  init(
    _ name: String,
    _ body: @escaping @Sendable (KernelLibrary, WorkerPool) throws(SparrowError) -> Finding
  ) {
    self.name = name
    self.body = body
  }

  /// What the device does; what it throws is a finding too.
  package func run(_ library: KernelLibrary, _ pool: WorkerPool) -> Finding {
    do throws(SparrowError) { return try body(library, pool) } catch {
      return Finding(isRight: false, text: error.description)
    }
  }

  /// All of them, in the order of the kernels.
  package static var all: [DeviceCheck] {
    dense + TinyModel.sparse.map { DeviceCheck(sparse: $0) }
      + ProductCheck.types.map { DeviceCheck(chosen: $0) }
  }

  /// Those of dense programs and of their products.
  package static var dense: [DeviceCheck] {
    TinyModel.all.map { DeviceCheck($0) } + ProductCheck.types.map { DeviceCheck(products: $0) }
      + [greatest] + TinyModel.sparse.map { DeviceCheck(layersOf: $0) }
  }

  private static let greatest = DeviceCheck("greatest logits") {
    (library, _) throws(SparrowError) in try GreatestCheck(library).run()
  }

  private init(products type: ElementType) {
    self.init("products with \(type.rawValue)") { (library, _) throws(SparrowError) in
      try ProductCheck(type, library).run()
    }
  }

  /// What reads chosen rows and columns of matrices.
  init(chosen type: ElementType) {
    self.init("chosen with \(type.rawValue)") { (library, pool) throws(SparrowError) in
      try SparseCheck(.blocks, of: type, library, pool).run(["low rank", "heads", "large inputs"])
    }
  }

  private init(sparse model: TinyModel) {
    self.init("sparse " + model.name) { (library, pool) throws(SparrowError) in
      try SparseCheck(model, library, pool).run()
    }
  }

  private init(layersOf model: TinyModel) {
    self.init("layers of " + model.name) { (library, pool) throws(SparrowError) in
      try LayerCheck(model, library, pool).run()
    }
  }

  private init(_ model: TinyModel) {
    self.init(model.name) { (library, pool) throws(SparrowError) in
      try ModelCheck(model.binding(), tokens: model.tokens, library, pool).run()
    }
  }

  /// The model of a file or folder, as those of `all`.
  package init(model path: String) {
    self.init(path.split(separator: "/").last.map(String.init) ?? path) {
      (library, pool) throws(SparrowError) in
      try ModelCheck(ModelCheck.binding(path), tokens: 40, library, pool).run()
    }
  }
}
