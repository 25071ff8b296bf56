#if Training
  package import SparrowTransformer

  /// A decoder-only transformer of tensors: the model that the engine decodes with, in a form that
  /// has gradients.
  package struct SparseTransformer {
    package let configuration: ModelConfiguration
    /// By layer.
    package var networks: [NetworkMode]
    /// Products are made in this type; parameters stay in theirs.
    package var type: TensorType
    /// Layers forget their intermediate results and make them again for the backward pass.
    package var isCheckpointed = false
    /// Notes of networks with routers tell what selection loses: one more product with down each.
    package var comparesToDense = false
    /// LoRA's factor on the product of its two matrices: alpha / rank.
    package var loraScale: Float = 2
    private let program: StepProgram
    /// Positions of a full turn by pair, by rotary embedding, of short rows and of long ones.
    private let periods: [(short: Tensor, long: Tensor)]

    package init(
      _ configuration: ModelConfiguration, networks: [NetworkMode]? = nil,
      type: TensorType = .float32
    ) {
      self.configuration = configuration
      self.networks = networks ?? configuration.layers.map { _ in .dense }
      self.type = type
      precondition(self.networks.count == configuration.layers.count)
      program = StepProgram(configuration)
      periods = configuration.rotaries.map { rotary in
        // What never turns has a period without end.
        func periods(_ frequencies: [Float]) -> Tensor { Tensor(frequencies.map { 1 / $0 }) }
        let short = periods(rotary.frequencies)
        return (short, rotary.long.map { periods($0.frequencies) } ?? short)
      }
    }

    /// Runs tokens `[batch, tokens]`, or one of each row where `kept` holds those before, and takes
    /// this one's place.
    ///
    /// Gives what the vocabulary head reads, `[batch, tokens, hidden]`, its logits
    /// `[batch, tokens, vocabulary]`, and each layer's notes. What is not used is never computed.
    package func run(
      _ tokens: Tensor, _ parameters: Parameters, kept: KeyValueBlocks? = nil
    ) -> (states: Tensor, logits: Tensor, notes: [LayerNotes]) {
      let step = TensorLowering(model: self, parameters: parameters, kept: kept)
        .run(program, tokens)
      return (step.states, step.logits, step.notes)
    }

    /// Products with the head's rows as logits: scaled and capped.
    func finished(_ products: Tensor) -> Tensor {
      var logits = products
      if configuration.logitScale != 1 { logits = logits * configuration.logitScale }
      if configuration.logitSoftcap > 0 {
        logits = (logits / configuration.logitSoftcap).tanh * configuration.logitSoftcap
      }
      return logits
    }

    func periods(of rotary: RotaryDescription, isLong: Bool) -> Tensor {
      let index = configuration.rotaries.firstIndex(of: rotary)!
      return isLong ? periods[index].long : periods[index].short
    }
  }
#endif
