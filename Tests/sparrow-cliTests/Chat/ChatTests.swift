import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub
@testable import sparrow_cli

/// Conversations with a tiny random model that has a template.
struct ChatTests {
  static func model(generation: String? = nil) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = Fixtures.path("models/smollm2")
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      try folder.write(name, try Files.read(source + "/" + name))
    }
    try folder.write(
      "chat_template.jinja",
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:")
    if let generation { try folder.write("generation_config.json", generation) }
    return folder
  }

  static func chat(
    _ folder: TemporaryFolder, _ input: String, _ options: [String] = []
  ) throws -> Subprocess.Outcome {
    try Subprocess(
      arguments: [ProgramTests.program, "chat", folder.path, "-t", "1", "-n", "8"] + options,
      environment: processEnvironment().merging(["SPARROW_CACHE": folder.path]) { $1 },
      input: input
    ).run()
  }

  @Test("a message that does not fit is told and left out, and the conversation goes on")
  func contextFull() throws {
    let folder = try Self.model()
    let long = String(repeating: "a ", count: 400)
    let with = try Self.chat(folder, "Hi\n\(long)\nBye\n", ["--context", "100"])
    let without = try Self.chat(folder, "Hi\nBye\n", ["--context", "100"])
    #expect(with.status == 0 && with.output == without.output)
    let told = String(decoding: with.errors, as: UTF8.self)
    #expect(told.contains("context: ") && told.contains("the message was left out"))
  }

  @Test("lines that begin with a slash are words to the program, and unknown ones are told")
  func words() throws {
    let folder = try Self.model()
    let saved = folder.file("saved.json")
    let outcome = try Self.chat(
      folder, "/etc\nHi\r\n/system Be brief.\n/new\nYou\n/save \(saved)\n/exit\nnever\n",
      ["--temperature", "0"])
    #expect(outcome.status == 0)
    #expect(String(decoding: outcome.errors, as: UTF8.self).contains("no such command: /etc"))
    let messages = try JSON.parse(Files.read(saved))["messages"]?.array
    #expect(messages?.map { $0["role"]?.string } == ["system", "user", "assistant"])
    #expect(messages?.first?["content"]?.string == "Be brief.")
    #expect(messages?[1]["content"]?.string == "You")
    let again = try Self.chat(folder, "/save \(saved)\n")
    #expect(again.status == 2 && again.complaint.contains("something is there"))
  }

  @Test("sampling is as the makers say, else usual, and options come before both")
  func sampling() throws {
    func text(_ generation: String?, _ options: [String] = []) throws -> [UInt8] {
      try Self.chat(Self.model(generation: generation), "Hi\n", options + ["--ignore-end"]).output
    }
    let usual = try text(nil)
    #expect(try text(nil, ["--temperature", "0.7", "--top-p", "0.95"]) == usual)
    let greedy = try text(nil, ["--temperature", "0"])
    #expect(greedy != usual)
    #expect(try text(#"{"do_sample": false, "temperature": 1.5}"#) == greedy)
    let hot = try text(#"{"do_sample": true, "temperature": 1.9, "top_k": 0, "top_p": 1.0}"#)
    #expect(hot == (try text(nil, ["--temperature", "1.9", "--top-k", "0", "--top-p", "1"])))
    #expect(hot != usual)
    #expect(try text(#"{"temperature": 1.9}"#, ["--temperature", "0"]) == greedy)
    let wrong = try Self.chat(Self.model(generation: #"{"temperature": -1}"#), "Hi\n")
    #expect(wrong.status == 2 && wrong.complaint.contains("temperature: -1"))
  }

  #if canImport(Glibc)
    @Test("at a terminal keys edit, answers stop, and the terminal is left as it was")
    func terminal() throws {
      let folder = try Self.model()
      let terminal = try PseudoTerminal(
        [ProgramTests.program, "chat", folder.path, "-t", "1", "-n", "4", "--ignore-end"],
        environment: ["TERM": "xterm", "SPARROW_CACHE": folder.path])
      try terminal.await("> ")
      #expect(terminal.isEdited)
      terminal.send("wrng\u{1B}[D\u{1B}[Do")
      try terminal.await("wrong")
      terminal.send("\u{3}")
      try terminal.await("^C")
      terminal.send("Hi\r")
      try terminal.await("; length]")
      terminal.send("\u{1B}[A")
      try terminal.await("> Hi")
      terminal.send("\u{15}\"\"\"one\rtwo\"\"\"\r")
      try terminal.await("; length]")
      terminal.send("/regenerate\r")
      try terminal.await("; length]")
      terminal.send("\u{4}")
      #expect(terminal.status() == 0)
      #expect(!terminal.isEdited)
      let history = HistoryFile(path: folder.file("chat-history")).read()
      #expect(history == ["Hi", "\"\"\"one\ntwo\"\"\"", "/regenerate"])
    }

    @Test("Ctrl-C in an empty line and a signal both leave with 130", arguments: [true, false])
    func leaving(byKey: Bool) throws {
      let folder = try Self.model()
      let terminal = try PseudoTerminal(
        [ProgramTests.program, "chat", folder.path, "-t", "1"],
        environment: ["TERM": "xterm", "SPARROW_CACHE": folder.path])
      try terminal.await("> ")
      if byKey { terminal.send("\u{3}") } else { terminal.interrupt() }
      #expect(terminal.status() == 130)
      #expect(!terminal.isEdited)
    }
  #endif
}
