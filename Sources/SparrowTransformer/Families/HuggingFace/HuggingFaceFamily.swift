import SparrowCore

/// A `model_type` of Hugging Face, as data: which fields of its `config.json` are read, and what
/// becomes of them. A field that changes what is computed and is not read must hold its class's
/// default.
struct HuggingFaceFamily: Sendable {
  typealias Reader = @Sendable (HuggingFaceFields) throws(SparrowError) -> ModelConfiguration

  /// `model_type`.
  let type: String
  /// The fields that `configuration` asks for.
  let reads: Set<String>
  /// Fields about layers that are refused where a model has some: they mean nothing in those that
  /// are read.
  let ignores: Set<String>
  let configuration: Reader
  /// The class's defaults (`ClassDefaults.swift`).
  let defaults: JSON

  init(
    _ type: String, reads: [String], ignores: [String] = [], configuration: @escaping Reader
  ) {
    self.type = type
    self.reads = Set(reads)
    self.ignores = Set(ignores)
    self.configuration = configuration
    defaults = Self.classDefaults.first { $0["model_type"]?.string == type } ?? .object([])
  }

  /// A model of text and pictures, whose `text_config` is a `model_type` of its own.
  init(_ type: String, text: String) {
    self.init(type, reads: ["text_config", "tie_word_embeddings"]) { f throws(SparrowError) in
      let family = Self.named(text)!
      let inner =
        try f.object("text_config", of: family)
        ?? HuggingFaceFields(json: .object([]), file: f.file, family: family)
      try inner.check()
      var model = try family.configuration(inner)
      model.tiedHead = try f.flag("tie_word_embeddings")
      return model
    }
  }

  static func named(_ type: String) -> HuggingFaceFamily? { all.first { $0.type == type } }

  private static let classDefaults: [JSON] = {
    guard let list = try? JSON.parse(classDefaultsText).array else {
      preconditionFailure("ClassDefaults.swift holds no JSON list")
    }
    return list
  }()

  // MARK: The families
}
