import ArgumentParser

@main
struct SparrowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sparrow")
}
