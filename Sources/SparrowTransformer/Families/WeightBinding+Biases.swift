package import SparrowCore
import SparrowFormats

extension WeightBinding {
  /// Refuses a bias that transformers' class leaves out by the fields of `config`, such as
  /// `attention_bias`: a computation with it would be another.
  package func refuseForeignBiases(_ config: JSON) throws(SparrowError) {
    let defaults = config["model_type"]?.string.flatMap(HuggingFaceFamily.named)?.defaults
    let fields = config["text_config"] ?? config
    func has(_ names: String...) -> Bool {
      names.contains { (fields[$0] ?? defaults?[$0])?.bool == true }
    }
    let kinds = configuration.biasedKinds(
      attention: has("attention_bias", "use_bias", "bias"),
      network: has("mlp_bias", "use_bias", "bias") || configuration.architecture == "gptneox")
    let own = Set(kinds.compactMap(\.bias))
    let all = Set(WeightRole.Kind.allCases.compactMap(\.bias))
    for role in roles where all.contains(role.kind) && !own.contains(role.kind) {
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: matrix(role).entry.name, found: "a bias",
        expected: "none by the fields of config.json")
    }
  }
}
