package import SparrowCore
package import SparrowTemplates

/// The files that a model is trained on.
///
/// Files that end in `.jsonl` hold a document a line: `{"text": …}`, or a conversation,
/// `{"messages": [{"role": …, "content": …}, …]}` or `{"prompt": …, "completion": …}`, of which
/// only the answers are learnt. All others are plain text in UTF-8: one document, or several where
/// they are long. Tasks are files of lines too, such as `sparrow evaluate` takes.
package struct TrainingText: Sendable {
  /// Paths, in the order in which they are read.
  package let files: [String]
  /// Files of tasks, which are read behind them.
  package let tasks: [String]
  /// Bytes of all files.
  package let byteCount: Int

  /// The files at `paths`; of folders all `.txt` and `.jsonl` files, those in folders within them
  /// too.
  ///
  /// Names that begin with a dot are left out. Throws `.system` for a path where nothing is,
  /// `.argument` for folders without such files, `.malformed` for an empty file. `tasks` are files.
  package init(_ paths: [String], tasks: [String] = []) throws(SparrowError) {
    guard !(paths + tasks).isEmpty else {
      throw SparrowError(.argument, field: "text", found: "no files", expected: "at least one")
    }
    var files: [String] = []
    for path in paths {
      guard let isFolder = isFolder(path) else {
        throw SparrowError(
          .system, file: path, found: "no such file", expected: "a text to train on")
      }
      let found = isFolder ? Self.texts(in: path) : [path]
      guard !found.isEmpty else {
        throw SparrowError(
          .argument, file: path, found: "no text in the folder", expected: ".txt or .jsonl files")
      }
      files += found
    }
    var count = 0
    for file in files + tasks {
      // What has no size is told by opening it.
      let size = Files.size(file) ?? 1
      guard size > 0 else {
        throw SparrowError(.malformed, file: file, found: "an empty file", expected: "text")
      }
      count += size
    }
    self.files = files
    self.tasks = tasks
    byteCount = count
  }

  private static func texts(in folder: String) -> [String] {
    Files.allFiles(under: folder).filter { name in
      (name.hasSuffix(".txt") || isLines(name))
        && !name.split(separator: "/").contains { $0.hasPrefix(".") }
    }.map { folder + "/" + $0 }
  }

  /// Whether a file holds a document a line.
  static func isLines(_ path: String) -> Bool { path.hasSuffix(".jsonl") }

  /// Gives all documents in order, each with the bytes of all files up to its end.
  ///
  /// Maps a file at a time and gives pages back behind itself. Throws `.malformed`, naming file and
  /// line, for bytes that are not UTF-8, for lines that are no JSON or hold no document, and for
  /// files without any; and what `body` throws.
  package func forEachDocument(
    _ body: (_ document: TrainingDocument, _ done: Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    var before = 0
    for (index, path) in (files + tasks).enumerated() {
      let file = try MappedFile(path: path)
      defer { withExtendedLifetime(file) {} }
      var released = 0
      var count = 0
      func take(_ document: TrainingDocument, _ end: Int) throws(SparrowError) {
        count += 1
        try body(document, before + end)
        if end - released >= 1 << 22 {
          file.release(released..<end)
          released = end
        }
      }
      if index >= files.count {
        try Self.readTasks(file, take)
      } else if Self.isLines(path) {
        try Self.readLines(file, take)
      } else {
        try Self.readPlain(file, take)
      }
      guard count > 0 else {
        throw SparrowError(.malformed, file: path, found: "no text", expected: "something to learn")
      }
      before += file.bytes.count
    }
  }

  /// Where the text begins: behind the mark that some editors put first.
  static func start(of bytes: UnsafeRawBufferPointer) -> Int {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }
}

/// One text that stands for itself; nothing before it helps to predict it.
package struct TrainingDocument: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// Learnt as a whole.
    case text(String)
    /// Only the assistant's answers are learnt.
    case conversation([ChatMessage])
    /// What follows a prompt as it is; only that is learnt.
    case answer(String, to: String)
  }

  package let content: Content
  /// Where it begins, for messages.
  package let file: String
  package let line: Int
  /// Lies in one row, so that nothing is learnt without its prompt; of a longer one its end does.
  package var isWhole = false
}
