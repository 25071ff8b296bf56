internal import CSparrowSystem

/// The environment of this process; a name given twice keeps its first value, as `getenv` does.
public func processEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var at = ss_environment()
  while let entry = at?.pointee {
    let text = String(cString: entry)
    if let equals = text.firstIndex(of: "="), equals > text.startIndex {
      let name = String(text[..<equals])
      if result[name] == nil { result[name] = String(text[text.index(after: equals)...]) }
    }
    at = at?.successor()
  }
  return result
}

/// The folder for what can be made or got again: `$SPARROW_CACHE`, else
/// `$XDG_CACHE_HOME/sparrow`, else `~/.cache/sparrow`; nil without a home.
public func cacheFolder(_ environment: [String: String] = processEnvironment()) -> String? {
  func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
  if let own = value("SPARROW_CACHE") { return own }
  if let shared = value("XDG_CACHE_HOME"), shared.hasPrefix("/") { return shared + "/sparrow" }
  return value("HOME").map { $0 + "/.cache/sparrow" }
}
