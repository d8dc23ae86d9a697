import Files

extension LabelledTextReading {
  /// A folder with a folder for each class, whose files are a text each; or with a file for each class, of a text a
  /// line. Names that begin with a point are passed over.
  mutating func folder(_ path: String) throws(AIGCError) {
    let names = folderContents(path).filter { !$0.hasPrefix(".") }.sorted()
    let folders = names.filter { isFolder("\(path)/\($0)") }
    if !folders.isEmpty {
      for name in folders { try texts(in: "\(path)/\(name)", label: name) }
      return
    }
    let files = names.filter { !isReadMe($0) }
    let labels = Self.labels(of: files)
    for (name, label) in zip(files, labels) {
      let text = try readText(path: "\(path)/\(name)")
      try forEachLine(of: text) { (range, _) throws(AIGCError) in
        try add(range.lazy.map { text[$0] }, label: label)
      }
    }
  }

  private mutating func texts(in folder: String, label: String) throws(AIGCError) {
    for name in folderContents(folder).sorted() where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if isFolder(path) { continue }
      let text = try readText(path: path)
      try add(text.indices.lazy.map { text[$0] }, label: label)
    }
  }

  /// What files of classes are called for: what tells their names apart, which is the ending where that alone does
  /// (`rt-polarity.pos`, `rt-polarity.neg`).
  static func labels(of files: [String]) -> [String] {
    let plain = files.map { $0.hasSuffix(".gz") ? String($0.dropLast(3)) : $0 }
    let parts = plain.map { name -> (stem: Substring, ending: Substring) in
      guard let point = name.lastIndex(of: ".") else { return (name[...], "") }
      return (name[..<point], name[name.index(after: point)...])
    }
    let isByEnding =
      files.count > 1 && Set(parts.map { $0.stem }).count == 1
      && Set(parts.map { $0.ending }).count == files.count
    return parts.map { String(isByEnding ? $0.ending : $0.stem) }
  }

  private func isReadMe(_ name: String) -> Bool {
    let upper = name.uppercased()
    return upper.hasPrefix("README") || upper.hasPrefix("LICENSE")
  }
}
