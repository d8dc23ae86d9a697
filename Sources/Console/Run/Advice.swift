import ArgumentParser

/// An error's text without advice that the command cannot follow. Errors of shared code say which flag would
/// help ("…; pass --tokens byte"); where the command has no such flag, that part is left out.
/// - Parameter known: the long flags of the command, without dashes.
func withoutForeignAdvice(_ text: String, known: (String) -> Bool) -> String {
  let parts = text.split(separator: "; ", omittingEmptySubsequences: false)
  let kept = parts.dropFirst().filter { part in
    // A path may hold "; --name.txt" too.
    let word = part.prefix { $0 != " " }
    let isPath = word.hasPrefix("--") && word.contains { !$0.isLetter && !$0.isNumber && $0 != "-" }
    return isPath || flagsNamed(in: part).allSatisfy(known)
  }
  return ([parts[0]] + kept).joined(separator: "; ")
}

/// The long flags in a text, without dashes. Those of a command that the text shows in quotes, 'aigc train …',
/// are not meant for the present one.
func flagsNamed(in text: some StringProtocol) -> [String] {
  var names: [String] = []
  for (place, part) in text.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
    if place % 2 == 1, part.hasPrefix("aigc ") || part.hasPrefix("train ") { continue }
    for word in part.split(whereSeparator: { $0.isWhitespace || "(),:;".contains($0) }) {
      guard word.hasPrefix("--"), word.dropFirst(2).first?.isLowercase == true else { continue }
      names.append(
        String(word.dropFirst(2).prefix { ($0.isASCII && $0.isLetter) || $0 == "-" || $0.isNumber })
      )
    }
  }
  return names
}
