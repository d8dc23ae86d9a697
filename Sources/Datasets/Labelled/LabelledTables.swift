import Files

/// The names that columns of texts and of labels go by.
private let textNames = [
  "text", "sentence", "review", "content", "comment", "body", "tweet", "phrase",
]
private let labelNames = [
  "label", "sentiment", "class", "category", "target", "polarity", "rating", "stars",
]

extension LabelledTextReading {
  /// Which columns hold text and label.
  private struct Columns {
    let text: Int
    let label: Int
    /// Whether the first line names the columns.
    let isHeader: Bool
  }

  /// A line names the columns where it has a usual name of one, or the one that was asked for.
  private func columns(_ first: [String]) throws(AIGCError) -> Columns {
    let names = first.map { $0.lowercased().trimmed }
    let asked = [options.textColumn, options.labelColumn].compactMap { $0 }
    let isHeader =
      names.contains { textNames.contains($0) || labelNames.contains($0) }
      || asked.contains { first.contains($0) }
    func usual(_ known: [String]) -> Int? {
      known.lazy.compactMap { names.firstIndex(of: $0) }.first
    }
    func place(_ column: String?, _ known: [String]) throws(AIGCError) -> Int? {
      guard let column else { return isHeader ? usual(known) : nil }
      if isHeader, let place = first.firstIndex(of: column) { return place }
      if let number = Int(column), (1...first.count).contains(number) { return number - 1 }
      let list = isHeader ? first.prefix(20).map { excerpt(of: $0) }.joined(separator: ", ") : nil
      throw .usage("\(path): no column '\(column)'; there are \(list ?? "1 to \(first.count)")")
    }
    let (text, label) = (
      try place(options.textColumn, textNames), try place(options.labelColumn, labelNames)
    )
    // Where only one of both is known, the other one is not in its column.
    let textPlace = text ?? first.indices.first { $0 != label } ?? 0
    let result = Columns(
      text: textPlace, label: label ?? first.indices.last { $0 != textPlace } ?? 0,
      isHeader: isHeader)
    guard first.count > 1, result.text != result.label else {
      throw .badInput("\(path): line 1: a text and a label are needed, in columns of their own")
    }
    return result
  }

  /// Comma-separated values, quoted as in RFC 4180.
  mutating func csv(_ path: String) throws(AIGCError) {
    let reader = try CSVReader(path: path, header: .absent)
    var columns: Columns?
    var reading = self
    try reader.forEachRow { (row) throws(AIGCError) in
      guard let known = columns else {
        let found = try reading.columns((0..<reader.columnCount).map { row.string($0) })
        columns = found
        if !found.isHeader {
          try reading.add(row.string(found.text).utf8, label: row.string(found.label).trimmed)
        }
        return
      }
      try reading.add(row.string(known.text).utf8, label: row.string(known.label).trimmed)
    }
    self = reading
  }

  /// Fields between tabs. Quotes are part of the text, as in most such files of sentences, but for a field that is
  /// all in quotes.
  mutating func tabs(_ text: Table<UInt8>) throws(AIGCError) {
    var columns: Columns?
    try forEachLine(of: text) { (range, number) throws(AIGCError) in
      let fields = Self.fields(text, range)
      guard let known = columns else {
        let found = try self.columns(fields.map { unquoted(text.text($0)) })
        columns = found
        if !found.isHeader { try add(fields, found, text) }
        return
      }
      guard fields.count > max(known.text, known.label) else {
        throw .badInput(
          "\(path): line \(number): \(counted(fields.count, "field")), where text and label are needed"
        )
      }
      try add(fields, known, text)
    }
  }

  private mutating func add(
    _ fields: [Range<Int>], _ columns: Columns, _ text: Table<UInt8>
  ) throws(AIGCError) {
    try add(
      unquoted(text.text(fields[columns.text])).utf8,
      label: unquoted(text.text(fields[columns.label])).trimmed)
  }

  private static func fields(_ text: Table<UInt8>, _ line: Range<Int>) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start = line.lowerBound
    for index in line where text[index] == 9 {
      result.append(start..<index)
      start = index + 1
    }
    return result + [start..<line.upperBound]
  }
}

/// A field without its quotes, doubled ones in it made single; one that is not all in quotes as it is.
private func unquoted(_ field: String) -> String {
  let bytes = Array(field.utf8)
  guard bytes.count >= 2, bytes.first == 34, bytes.last == 34 else { return field }
  var result: [UInt8] = []
  var index = 1
  while index < bytes.count - 1 {
    result.append(bytes[index])
    guard bytes[index] == 34 else {
      index += 1
      continue
    }
    // A quote by itself inside: the field is a text that begins and ends with one.
    guard index + 1 < bytes.count - 1, bytes[index + 1] == 34 else { return field }
    index += 2
  }
  return String(decoding: result, as: UTF8.self)
}

extension String {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    let space: (Character) -> Bool = { $0.isWhitespace }
    guard let first = firstIndex(where: { !space($0) }), let last = lastIndex(where: { !space($0) })
    else { return "" }
    return String(self[first...last])
  }
}
