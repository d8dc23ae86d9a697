import Files

extension LabelledTexts {
  /// How labelled texts are read.
  public struct Options: Codable, Equatable, Sendable {
    /// The name or number of the column, or the key, that holds the text; nil: as its header says, or the first.
    public var textColumn: String?
    /// The same of the label; nil: as its header says, or the last.
    public var labelColumn: String?

    /// Creates the options that leave the columns to the data.
    public init(textColumn: String? = nil, labelColumn: String? = nil) {
      (self.textColumn, self.labelColumn) = (textColumn, labelColumn)
    }
  }

  /// Reads a table (.csv, .tsv), JSON Lines, a file in fastText's form (`__label__NAME text`), or a folder with a
  /// folder or a file for each class; files may be packed by gzip. Classes are sorted by name, numbers by value.
  /// - Throws: ``/Files/AIGCError``: badInput that names the line for what cannot be read, usage for a column that is
  ///   not there.
  public static func read(
    _ path: String, _ options: Options = Options()
  ) throws(AIGCError) -> LabelledTexts {
    var reading = LabelledTextReading(path: path == "-" ? "stdin" : path, options: options)
    if isFolder(path) {
      try reading.folder(path)
    } else {
      try reading.file(path)
    }
    return try reading.finished()
  }
}

/// Takes in texts and their labels.
struct LabelledTextReading {
  let path: String
  let options: LabelledTexts.Options
  private var texts = TextList()
  private var labels: [Int32] = []
  private var classes: [String] = []
  private var places: [String: Int32] = [:]
  /// More are no classes: a column of numbers or of texts was taken for labels.
  private static let mostClasses = 65536

  init(path: String, options: LabelledTexts.Options) {
    (self.path, self.options) = (path, options)
  }

  mutating func add(_ text: some Sequence<UInt8>, label: String) throws(AIGCError) {
    if let place = places[label] {
      labels.append(place)
    } else {
      guard classes.count < Self.mostClasses else {
        throw .badInput(
          "\(path): more than \(Self.mostClasses) different labels: name the right column by `labelColumn`"
        )
      }
      places[label] = Int32(classes.count)
      labels.append(Int32(classes.count))
      classes.append(label)
    }
    texts.append(text)
  }

  /// The set with its classes sorted.
  func finished() throws(AIGCError) -> LabelledTexts {
    guard !labels.isEmpty else { throw .badInput("\(path): no labelled texts in it") }
    let numbers = classes.map { Double($0) }
    let order = classes.indices.sorted { a, b in
      if let x = numbers[a], let y = numbers[b], x != y { return x < y }
      return classes[a] < classes[b]
    }
    var place = [Int32](repeating: 0, count: classes.count)
    for (new, old) in order.enumerated() { place[old] = Int32(new) }
    return LabelledTexts(
      path: path, texts: texts, labels: labels.map { place[Int($0)] },
      classes: order.map { classes[$0] })
  }

  // MARK: Files

  mutating func file(_ path: String) throws(AIGCError) {
    let name = path.lowercased()
    func ends(_ endings: String...) -> Bool {
      endings.contains { name.hasSuffix($0) || name.hasSuffix("\($0).gz") }
    }
    if ends(".csv") { return try csv(path) }
    let text = try readText(path: path)
    if ends(".jsonl", ".ndjson", ".json") { return try jsonLines(text) }
    if ends(".tsv") { return try tabs(text) }
    switch Self.form(of: text) {
    case .json: try jsonLines(text)
    case .fastText: try prefixed(text)
    case .tabs: try tabs(text)
    case nil:
      throw .badInput(
        "\(self.path): no labels: a line is text, a tab and its label; or a JSON object; or begins with __label__; "
          + "tables end in .csv or .tsv")
    }
  }

  private enum Form { case json, fastText, tabs }

  /// What the first line that is not empty looks like.
  private static func form(of text: Table<UInt8>) -> Form? {
    var form: Form?
    var isFirst = true
    forEachLine(of: text) { range, _ in
      guard isFirst else { return }
      isFirst = false
      let line = text.slice(range)
      if line[0] == UInt8(ascii: "{") {
        form = .json
      } else if line.text(0..<min(line.count, labelPrefix.utf8.count)) == labelPrefix {
        form = .fastText
      } else if line.indices.contains(where: { line[$0] == 9 }) {
        form = .tabs
      }
    }
    return form
  }

  /// `{"text": …, "label": …}` a line.
  private mutating func jsonLines(_ text: Table<UInt8>) throws(AIGCError) {
    let (textKey, labelKey) = (options.textColumn ?? "text", options.labelColumn ?? "label")
    try forEachLine(of: text) { (range, number) throws(AIGCError) in
      let place = "\(path): line \(number)"
      var scanner = JSONScanner(text.slice(range), place: place)
      var (found, label): (String?, String?) = (nil, nil)
      try scanner.object { (scanner, key) throws(AIGCError) in
        switch key {
        case textKey: found = try scanner.scalarText()
        case labelKey: label = try scanner.scalarText()
        default: try scanner.skip()
        }
      }
      try scanner.finish()
      guard let found, let label else {
        throw .badInput("\(place): no `\(found == nil ? textKey : labelKey)`")
      }
      try add(found.utf8, label: label)
    }
  }

  /// `__label__NAME text` a line, as fastText reads them; of several labels the first counts.
  private mutating func prefixed(_ text: Table<UInt8>) throws(AIGCError) {
    try forEachLine(of: text) { (range, number) throws(AIGCError) in
      let line = text.slice(range)
      var (start, label): (Int, String?) = (0, nil)
      while start < line.count {
        let end = line.indices[start...].first { line[$0] == 32 || line[$0] == 9 } ?? line.count
        let word = line.text(start..<end)
        guard word.hasPrefix(labelPrefix) || word.isEmpty else { break }
        if label == nil, !word.isEmpty { label = String(word.dropFirst(labelPrefix.count)) }
        start = end + 1
      }
      guard let label else {
        throw .badInput("\(path): line \(number): it does not begin with \(labelPrefix)")
      }
      let first = min(start, line.count)
      try add(line.indices[first...].lazy.map { line[$0] }, label: label)
    }
  }
}

/// What a label begins with in fastText's files.
private let labelPrefix = "__label__"
