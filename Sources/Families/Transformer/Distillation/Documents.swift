import Files
import Inference

/// The texts of files, one by one: what stands between two ends of a text, or between empty lines.
struct Documents {
  private let texts: [String]
  /// What ends a text of the files.
  private let end: String?

  /// - Parameters:
  ///   - files: their bytes.
  ///   - end: the mark that ends a text, where the student has one.
  init(_ files: [Table<UInt8>], end: String?) {
    var found: [String] = []
    var hasEnd = false
    for file in files {
      let bytes = Array(file)
      let mark = end.map { Array($0.utf8) } ?? []
      let parts = mark.isEmpty ? [bytes[...]] : Self.split(bytes[...], by: mark)
      hasEnd = hasEnd || parts.count > 1
      found += (parts.count > 1 ? parts : Self.split(bytes[...], by: [10, 10])).map {
        // A beginning is all that is asked for.
        String(decoding: $0.drop { $0 <= 32 }.prefix(Self.longest), as: UTF8.self)
      }
    }
    texts = found.filter { !$0.isEmpty }
    self.end = hasEnd ? end : nil
  }

  /// Bytes of a beginning.
  private static let longest = 4096

  private static func split(
    _ bytes: ArraySlice<UInt8>, by mark: [UInt8]
  ) -> [ArraySlice<UInt8>] {
    var (parts, start, place): ([ArraySlice<UInt8>], Int, Int) = ([], 0, 0)
    while place + mark.count <= bytes.count {
      if bytes[place] == mark[0], bytes[place..<place + mark.count].elementsEqual(mark) {
        parts.append(bytes[start..<place])
        place += mark.count
        start = place
      } else {
        place += 1
      }
    }
    return parts + [bytes[start...]]
  }

  /// How a teacher's texts begin: each as a text of the files, behind the mark that ends the one before where the teacher
  /// has it too.
  /// - Parameters:
  ///   - tokens: of each beginning; 0: none but the mark.
  ///   - share: of the texts, the first ones, that beginnings are taken from.
  /// - Throws: as ``/Inference/LanguageModel/encode(_:)``.
  func prompts(
    _ teacher: any LanguageModel, tokens: Int, share: Double
  ) throws(AIGCError) -> [[Int32]] {
    let mark = teacher.specialTokens.first { $0.text == end }.map { [$0.id] } ?? []
    guard tokens > 0 else { return [mark] }
    let used = texts.prefix(max(1, Int(Double(texts.count) * share)))
    var prompts: [[Int32]] = []
    for text in used {
      try Interruption.check()
      prompts.append(mark + (try teacher.encode(text)).prefix(tokens))
    }
    return prompts.isEmpty ? [mark] : prompts
  }
}
