import Files

extension TextEvaluation: Report {
  /// Perplexities, bits per byte and counts of tokens as JSON; those over words and bytes, and the
  /// windows, only of models with a context.
  public var members: [JSONValue.Member] {
    [
      .init("perplexity", .double(perplexity)),
      .init("perplexity_without_oov", JSONValue(perplexityWithoutUnknown)),
      .init("bits_per_byte", .double(bitsPerByte)), .init("tokens", .int(tokens)),
      .init("oov", JSONValue(unknown)),
    ] + windowMembers
  }

  /// What only models with a context say.
  private var windowMembers: [JSONValue.Member] {
    guard let context, let stride else { return [] }
    return [
      .init("word_perplexity", JSONValue(perplexityPerWord)),
      .init("byte_perplexity", JSONValue(perplexityPerByte)),
      .init("context", .int(context)), .init("stride", .int(stride)),
    ]
  }

  /// The same in lines for people, without the values that are nil.
  public var text: String {
    var lines = ["perplexity              \(Format.fixed(perplexity, 2))"]
    if let perplexityWithoutUnknown {
      lines.append("perplexity without OOV  \(Format.fixed(perplexityWithoutUnknown, 2))")
    }
    if let perplexityPerWord {
      lines.append("perplexity per word     \(Format.fixed(perplexityPerWord, 2))")
    }
    if let perplexityPerByte {
      lines.append("perplexity per byte     \(Format.fixed(perplexityPerByte, 4))")
    }
    lines.append("bits per byte           \(Format.fixed(bitsPerByte, 4))")
    lines.append("tokens                  \(tokens)")
    if let unknown { lines.append("OOV                     \(unknown)") }
    if let context, let stride {
      lines.append("windows                 \(counted(context, "token")), stride \(stride)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
