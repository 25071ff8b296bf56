#if Training
  internal import Sparrow
  internal import SparrowBlocks
  package import SparrowCore
  internal import SparrowFormats
  internal import SparrowSparsity
  internal import SparrowTransformer

  extension TrainingRun {
    /// Where a run's results lie; nil for what it has not.
    package struct Written {
      /// The trained model: a folder that Sparrow and transformers read.
      package var model: String?
      /// The same as a GGUF file in Q8_0, where the model came from one.
      package var gguf: String?
      /// For the GGUF file or else the folder; for the model that training began with where its
      /// weights stayed.
      package var adapter: String?
    }

    /// Writes the trained model, unless all of it stayed, and its adapter into the run's folder.
    /// Throws what evaluating and writing throw.
    package func write(
      _ trained: TrainedModel, progress: Progress
    ) throws(SparrowError) -> Written {
      var written = Written()
      var base = checkpoint
      if try changesModel {
        let writer = try ModelWriter(binding, configuration: trained.configuration)
        let values = { (role: WeightRole) throws(SparrowError) -> [Float] in
          try trained.parameters[role.parameterName]!.floats()
        }
        let folder = options.output + "/model"
        try writer.writeHuggingFace(to: folder, type: .bf16, values: values, progress: progress)
        written.model = folder
        base = try Checkpoint.open(folder)
        if checkpoint.kind == .gguf {
          let file = options.output + "/model-q8_0.gguf"
          try writer.writeGGUF(to: file, type: .q8_0, values: values, progress: progress)
          written.gguf = file
          base = try Checkpoint.open(file)
        }
      }
      if let adapter = try recipe.adapter(of: trained, base: base, progress: progress) {
        let folder = options.output + "/adapter"
        try adapter.write(to: folder)
        written.adapter = folder
      }
      return written
    }

    /// Whether any of the model's own weights learns.
    private var changesModel: Bool {
      get throws(SparrowError) {
        try recipe.stages(recipe.configuration(configuration)).contains { stage in
          binding.roles.contains { stage.learns($0.parameterName) }
        }
      }
    }
  }
#endif
