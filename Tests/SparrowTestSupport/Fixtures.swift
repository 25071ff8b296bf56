public import SparrowCore

/// Paths of the committed fixtures, found from this file's own place.
public enum Fixtures {
  private static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(2).joined(separator: "/") + "/Fixtures/"
  }()

  /// A fixture by its path below `Tests/Fixtures`.
  public static func path(_ name: String) -> String { folder + name }

  /// Tiny random models of every family, Hugging Face folders with `expected.safetensors`.
  public static let models = [
    "gemma2", "gemma3", "gemma3-scaled", "gpt2", "llama-biases", "llama-linear", "llama-yarn",
    "llama2", "llama3", "mistral", "opt", "opt-350m", "qwen2", "qwen2-window", "qwen3", "smollm2",
    "cohere", "cohere2", "falcon", "falcon-new", "falcon-serial", "gemma4", "gpt-neox",
    "gpt-neox-serial", "granite", "granite-hybrid", "olmo2", "phi3", "phi3-long", "qwen3.5",
    "smollm3", "starcoder2",
  ]

  /// GGUF twins of some of them.
  public static let ggufModels = ["gemma2", "gemma3", "gpt2", "llama3", "qwen2", "qwen3"]

  /// More of them, which llama.cpp's converter made.
  public static let convertedModels = [
    "cohere", "cohere2", "falcon", "falcon-new", "gemma4", "gpt-neox", "gpt-neox-serial", "granite",
    "olmo2", "phi3-long",
  ]
  /// Models whose chat templates are committed.
  public static let chatModels = [
    "chatml", "gemma2", "gemma3", "llama2", "llama3", "llama3.1", "llama3.2", "ministral-3",
    "mistral-7b", "mistral-nemo", "mistral-small-3.2", "qwen2", "qwen2.5", "qwen3", "qwen3-coder",
    "qwen3.5", "qwq", "smollm2", "smollm3", "zephyr",
  ]

  /// A file of `Tests/Fixtures/chat`: conversations, or a template with what Jinja makes of them.
  public static func chat(_ name: String) throws -> JSON {
    try JSON.parse(try MappedFile(path: path("chat/\(name).json")))
  }
}
