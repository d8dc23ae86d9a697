/// Text of a file for a message: one line, of a sensible length.
public func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(80) {
    let isPlain = scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
    result.unicodeScalars.append(isPlain && scalar.properties.isPrintable ? scalar : "\u{FFFD}")
  }
  return text.unicodeScalars.dropFirst(80).isEmpty ? result : result + "…"
}

extension Unicode.Scalar.Properties {
  /// Not one of the invisible ones that change lines or the direction of writing.
  fileprivate var isPrintable: Bool {
    switch generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
