package import SparrowTemplates

/// One text that stands for itself; nothing before it helps to predict it.
package struct TrainingDocument: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// Learnt as a whole.
    case text(String)
    /// Only the assistant's answers are learnt.
    case conversation([ChatMessage])
  }

  package let content: Content
  /// Where it begins, for messages.
  package let file: String
  package let line: Int
}
