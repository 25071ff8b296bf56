#if Training
  package import SparrowTransformer

  /// A model's tensors by name, in a fixed order, which functions of lists of tensors need.
  package struct Parameters {
    /// Rising.
    package private(set) var names: [String]
    private var values: [String: Tensor]

    package init(_ values: [String: Tensor] = [:]) {
      self.values = values
      names = values.keys.sorted()
    }

    /// The tensors of `names`, in that order.
    package init(names: [String], tensors: some Sequence<Tensor>) {
      self.init(Dictionary(uniqueKeysWithValues: zip(names, tensors)))
    }

    package subscript(name: String) -> Tensor? {
      get { values[name] }
      set {
        let isKnown = values[name] != nil
        values[name] = newValue
        if isKnown != (newValue != nil) { names = values.keys.sorted() }
      }
    }

    package var tensors: [Tensor] { names.map { values[$0]! } }

    package func filtered(_ isWanted: (String) -> Bool) -> Parameters {
      Parameters(values.filter { isWanted($0.key) })
    }

    /// These and others; a name of both takes the other's value.
    package func merged(with other: Parameters) -> Parameters {
      Parameters(values.merging(other.values) { $1 })
    }

    package func mapped(_ change: (String, Tensor) -> Tensor) -> Parameters {
      Parameters(
        Dictionary(uniqueKeysWithValues: values.map { ($0.key, change($0.key, $0.value)) }))
    }
  }

  extension WeightRole {
    /// Its name among parameters: `tokenEmbedding`, `layers.3.gate`.
    package var parameterName: String { ParameterName.of(kind.rawValue, layer) }
  }

  /// Names of the parameters that a checkpoint does not have.
  package enum ParameterName {
    package static func of(_ kind: String, _ layer: Int?) -> String {
      layer.map { "layers.\($0).\(kind)" } ?? kind
    }

    /// LTE's router, `[groups, hidden]`, and its bias `[groups]`.
    package static func router(_ layer: Int) -> String { of("router", layer) }
    package static func routerBias(_ layer: Int) -> String { of("routerBias", layer) }
    package static func isRouter(_ name: String) -> Bool {
      name.hasSuffix(".router") || name.hasSuffix(".routerBias")
    }
    /// A predictor's two maps: `[rank, in]` and `[out, rank]`; those of the low-rank head without a
    /// layer. A layer's have a bias, `[out]`.
    package static func predictorDown(_ layer: Int?) -> String { of("predictorA", layer) }
    package static func predictorUp(_ layer: Int?) -> String { of("predictorB", layer) }
    package static func predictorBias(_ layer: Int) -> String { of("predictorBias", layer) }
    package static func isPredictor(_ name: String) -> Bool {
      name.hasSuffix("predictorA") || name.hasSuffix("predictorB")
        || name.hasSuffix(".predictorBias")
    }
    /// A learnt sketch's two maps: `[rank, hidden]` and `[rows, rank]`, the rows those of gate,
    /// then of up.
    package static func sketchDown(_ layer: Int) -> String { of("sketchA", layer) }
    package static func sketchUp(_ layer: Int) -> String { of("sketchB", layer) }
    package static func isSketch(_ name: String) -> Bool {
      name.hasSuffix(".sketchA") || name.hasSuffix(".sketchB")
    }
    /// LoRA's two factors of a matrix: `[rank, in]` and `[out, rank]`.
    package static func down(_ matrix: String) -> String { matrix + ".loraA" }
    package static func up(_ matrix: String) -> String { matrix + ".loraB" }
  }
#endif
