import SparrowCore
import SparrowTestSupport
import SparrowTokenizers

/// A tiny tokenizer: 417 tokens, `<|end|>` is 0 and ends texts and turns.
enum TrainingTokenizer {
  /// Turns as ChatML writes them.
  static let template = """
    {% for m in messages %}<tool>{{ m.role }}
    {{ m.content }}<|end|>
    {% endfor %}{% if add_generation_prompt %}<tool>assistant
    {% endif %}
    """
  /// Drops what answers think once the conversation goes on, as Qwen 3's does.
  static let forgetful = """
    {% for m in messages %}<tool>{{ m.role }}
    {% if m.role == 'assistant' and loop.last %}thought {% endif %}{{ m.content }}<|end|>
    {% endfor %}{% if add_generation_prompt %}<tool>assistant
    {% endif %}
    """

  static func make(_ template: String? = template, from name: String = "smollm2") throws
    -> Tokenizer
  {
    let folder = Fixtures.path("tokenizers/" + name)
    var description = try TokenizerDescription(
      tokenizerJSON: JSON.parse(MappedFile(path: folder + "/tokenizer.json")),
      config: JSON.parse(MappedFile(path: folder + "/tokenizer_config.json")), file: name)
    description.chatTemplate = template
    return try Tokenizer(description)
  }

  static let llama2Template = """
    {% for message in messages %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + \
    message['content'].strip() + ' [/INST]' }}{% else %}{{ ' ' + message['content'].strip() + \
    ' ' + eos_token }}{% endif %}{% endfor %}
    """
}
