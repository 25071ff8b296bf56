#if Server
  import ArgumentParser
  import Sparrow
  import SparrowCore

  /// What requests may take together.
  struct SchedulerOptionGroup: ParsableArguments {
    @Option(parsing: .unconditional, help: "Answers that are generated at once, at most.")
    var parallel = SchedulerOptions().parallel

    @Option(
      parsing: .unconditional, help: "Answers that wait, at most; more are refused with status 429."
    )
    var queue = SchedulerOptions().waiting

    @Option(
      parsing: .unconditional,
      help: "Memory for keys and values, as 2GB or in bytes. (default: half of what is free)",
      transform: MemorySize.bytes)
    var cacheMemory: Int?

    @Option(
      parsing: .unconditional,
      help: "Tokens of a request, prompt and answer; 0 is the model's limit, up to 8192.")
    var context = 0

    @Flag(
      help: ArgumentHelp(
        "Share what sparse decoding wrote, too.",
        discussion: "A conversation's next turn starts sooner; its bits depend on what is cached."))
    var reuseAnswers = false

    func validate() throws {
      guard context >= 0 else { throw ValidationError("--context \(context): expected 0 or more") }
    }

    var options: SchedulerOptions {
      SchedulerOptions(
        parallel: parallel, waiting: queue, cacheMemory: cacheMemory,
        context: context == 0 ? nil : context, reusesAnswers: reuseAnswers)
    }
  }
#endif
