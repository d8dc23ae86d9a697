import Datasets

/// What a model must know of its text and the ARPA format has no place for. It stands in a comment before
/// the model, as KenLM and SRILM pass over it: `# aigc tokens=auto`.
struct ARPASettings: Equatable {
  var tokens = TokenMode.whitespace
  /// See ``NGramConfiguration/sentences``.
  var sentences = true

  private static let mark = "# aigc "

  init(tokens: TokenMode, sentences: Bool = true) {
    (self.tokens, self.sentences) = (tokens, sentences)
  }

  /// Reads a line before the model; nil for one that says nothing of this.
  init?(line: String) {
    guard line.hasPrefix(Self.mark) else { return nil }
    for part in line.dropFirst(Self.mark.count).split(separator: " ") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { continue }
      switch sides[0] {
      case "tokens":
        guard let mode = TokenMode(rawValue: String(sides[1])) else { return nil }
        tokens = mode
      case "sentences": sentences = sides[1] != "false"
      default: continue
      }
    }
  }

  /// The comment with its line end; empty for what every program takes for granted.
  var line: String {
    if self == ARPASettings(tokens: .whitespace) { return "" }
    return "\(Self.mark)tokens=\(tokens.rawValue)\(sentences ? "" : " sentences=false")\n"
  }
}
