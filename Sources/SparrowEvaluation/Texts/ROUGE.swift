/// How much of a reference a text tells, in the reference's order.
public enum ROUGE {
  /// ROUGE-L's F1 (Lin 2004, section 3) beside the nearest of several references, 0 to 1.
  ///
  /// Precision and recall are the longest common subsequence of words over the words of the text
  /// and of the reference. Words are runs of the letters a to z, of either case, and digits;
  /// nothing is stemmed, as in the package rouge-score by default. Costs the product of both
  /// lengths.
  public static func l(_ text: String, references: [String]) -> Double {
    let own = words(text)
    return references.map { f1(own, words($0)) }.max() ?? 0
  }

  private static func f1(_ own: [String], _ reference: [String]) -> Double {
    let common = Double(longestCommonSubsequence(own, reference))
    guard common > 0 else { return 0 }
    let precision = common / Double(own.count)
    let recall = common / Double(reference.count)
    return 2 * precision * recall / (precision + recall)
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().unicodeScalars.split { scalar in
      !("a"..."z" ~= scalar || "0"..."9" ~= scalar)
    }.map(String.init)
  }

  /// Its length, by the table of all prefixes, a row at a time.
  private static func longestCommonSubsequence(_ a: [String], _ b: [String]) -> Int {
    var lengths = Array(repeating: 0, count: b.count + 1)
    for word in a {
      var diagonal = 0
      for (index, other) in b.enumerated() {
        let above = lengths[index + 1]
        lengths[index + 1] = word == other ? diagonal + 1 : max(above, lengths[index])
        diagonal = above
      }
    }
    return lengths[b.count]
  }
}
