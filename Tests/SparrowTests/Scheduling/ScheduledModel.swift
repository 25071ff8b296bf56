import Sparrow
import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer

/// Tiny random models with every kind of plan.
enum ScheduledModel {
  /// A fixture, with llama3's tokenizer, which has as many tokens.
  static func load(
    _ name: String = "llama3", _ kind: PlanKind = .dense, rows: Int = 32
  ) throws -> Model {
    let own = Fixtures.path("models/" + name)
    let other = Fixtures.path("models/llama3")
    let folder = try TemporaryFolder()
    if name != "llama3" {
      for file in ["config.json", "model.safetensors"] {
        try folder.write(file, try contents(of: own + "/" + file))
      }
      for file in ["tokenizer.json", "tokenizer_config.json"] {
        try folder.write(file, try contents(of: other + "/" + file))
      }
    }
    let model = try Model.load(
      name == "llama3" ? own : folder.path, options: LoadOptions(threads: 1, prefillTokens: rows))
    try model.install(kind.plan(model.configuration))
    return model
  }
}
