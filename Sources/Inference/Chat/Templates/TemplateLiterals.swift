/// The escapes of a string in a template: those of Python.
struct TemplateEscapes {
  private let source: [Unicode.Scalar]
  private var place = 0

  init(_ source: [Unicode.Scalar]) { self.source = source }

  /// The characters that the string means; nil for a damaged escape.
  mutating func unescaped() -> [Unicode.Scalar]? {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(source.count)
    while place < source.count {
      let scalar = source[place]
      place += 1
      guard scalar == "\\", place < source.count else {
        result.append(scalar)
        continue
      }
      guard append(to: &result) else { return nil }
    }
    return result
  }

  /// Appends what stands for the letter behind a backslash.
  private mutating func append(to result: inout [Unicode.Scalar]) -> Bool {
    let letter = source[place]
    place += 1
    switch letter {
    case "\n": break
    case "\\", "'", "\"": result.append(letter)
    case "a": result.append("\u{7}")
    case "b": result.append("\u{8}")
    case "f": result.append("\u{C}")
    case "n": result.append("\n")
    case "r": result.append("\r")
    case "t": result.append("\t")
    case "v": result.append("\u{B}")
    case "x": return append(digits: 2, radix: 16, exactly: true, to: &result)
    case "u": return append(digits: 4, radix: 16, exactly: true, to: &result)
    case "U": return append(digits: 8, radix: 16, exactly: true, to: &result)
    case "0"..."7":
      place -= 1
      return append(digits: 3, radix: 8, exactly: false, to: &result)
    // Names of characters need a table.
    case "N": return false
    default: result += ["\\", letter]
    }
    return true
  }

  private mutating func append(
    digits: Int, radix: UInt32, exactly: Bool, to result: inout [Unicode.Scalar]
  ) -> Bool {
    var (value, count): (UInt32, Int) = (0, 0)
    while count < digits, place < source.count, let digit = source[place].digit(radix) {
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      if overflow { return false }
      value = product + digit
      place += 1
      count += 1
    }
    guard count == digits || !exactly, let scalar = Unicode.Scalar(value) else { return false }
    result.append(scalar)
    return true
  }
}

/// A number of a template: an integer, or one with a fraction or an exponent.
struct TemplateNumber {
  /// Where it ends.
  private(set) var end: Int
  private(set) var isInteger = true
  private let source: [Unicode.Scalar]
  private let start: Int

  init(_ source: [Unicode.Scalar], at start: Int, allowsFraction: Bool) {
    (self.source, self.start, end) = (source, start, start)
    if source[start] == "0", start + 1 < source.count {
      let radix: UInt32? =
        switch source[start + 1] {
        case "x", "X": 16
        case "o", "O": 8
        case "b", "B": 2
        default: nil
        }
      if let radix, let behind = run(start + 2, radix) {
        end = behind
        return
      }
    }
    guard let integer = run(start, 10) else { return }
    end = integer
    if allowsFraction { readFraction() }
    // A leading zero is an integer by itself.
    if isInteger, source[start] == "0" {
      var place = start
      while place < end, source[place] == "0" || source[place] == "_" { place += 1 }
      end = place
    }
  }

  private mutating func readFraction() {
    if end < source.count, source[end] == ".", let behind = run(end + 1, 10) {
      (end, isInteger) = (behind, false)
    }
    guard end < source.count, source[end] == "e" || source[end] == "E" else { return }
    var place = end + 1
    if place < source.count, source[place] == "+" || source[place] == "-" { place += 1 }
    if let behind = run(place, 10) { (end, isInteger) = (behind, false) }
  }

  /// The end of digits with single underscores between them; nil: none.
  private func run(_ start: Int, _ radix: UInt32) -> Int? {
    var place = start
    while place < source.count {
      if source[place] == "_", place > start, place + 1 < source.count,
        source[place + 1].digit(radix) != nil
      {
        place += 1
      }
      guard source[place].digit(radix) != nil else { break }
      place += 1
    }
    return place > start ? place : nil
  }

  /// The number without underscores.
  var digits: [Unicode.Scalar] { source[start..<end].filter { $0 != "_" } }
}

extension Unicode.Scalar {
  /// The value of a digit of ASCII.
  func digit(_ radix: UInt32) -> UInt32? {
    let digit: UInt32
    switch self {
    case "0"..."9": digit = value - 48
    case "a"..."z": digit = value - 97 + 10
    case "A"..."Z": digit = value - 65 + 10
    default: return nil
    }
    return digit < radix ? digit : nil
  }
}
