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
