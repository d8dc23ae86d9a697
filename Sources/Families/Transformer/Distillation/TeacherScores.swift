import Autograd
import Files
import Glibc
import Inference
import Kernels

/// What a teacher says of each token of rows: the probabilities of its likeliest ones, in files that are mapped.
///
/// A place of a row has a record; records stand one behind another, some rows' in each file: first all ids, then all
/// probabilities.
struct TeacherScores {
  private let parts: [(ids: Table<Int32>, probabilities: Table<Float>)]
  /// The first record of each part.
  private let starts: [Int]
  /// The first record of each row.
  private let offsets: [Int]
  /// Tokens of a record.
  let top: Int

  private static let record = "scores.json"
  /// Records of a part, but for its last row.
  private static let partSize = 1 << 16
  private static func name(_ part: Int) -> String { "scores-\(part).bin" }

  /// Maps the scores of rows, and asks the teacher for those that are missing.
  /// - Parameters:
  ///   - rows: of two tokens at least.
  ///   - vocabulary: ids of the student's, which are the teacher's.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged cache and a damaged teacher, interrupted after Ctrl-C, when the
  ///   files that are complete stay.
  init(
    _ rows: [TokenRow], _ teacher: any LanguageModel, vocabulary: Int, top: Int, temperature: Float,
    _ cache: TeacherCache, _ report: (String) -> Void
  ) throws(AIGCError) {
    let size = min(vocabulary, teacher.vocabularySize)
    self.top = min(top, size)
    var offsets = [0]
    for row in rows { offsets.append(offsets[offsets.count - 1] + row.tokens.count - 1) }
    self.offsets = offsets
    let cuts = Self.cuts(offsets)
    let record: [JSONValue.Member] = [
      .init("teacher", .string(String(cache.teacher, radix: 16))),
      .init(
        "tokens",
        .string(String(try Checksum.of(Table(rows.flatMap { $0.tokens + [-1] })), radix: 16))),
      .init("top", .int(self.top)), .init("temperature", .double(Double(temperature))),
      .init("vocabulary", .int(size)),
    ]
    if try cache.record(Self.record) != record {
      for name in folderContents(cache.folder) where name.hasPrefix("scores") {
        removeTree(cache.path(name))
      }
      try cache.write(record, to: Self.record)
    }
    var (parts, starts): ([(Table<Int32>, Table<Float>)], [Int]) = ([], [])
    let maker = ScoreMaker(
      teacher: teacher, size: size, top: self.top, temperature: temperature)
    for part in cuts.indices.dropLast() {
      let path = cache.path(Self.name(part))
      let range = cuts[part]..<cuts[part + 1]
      if !fileExists(path) {
        try maker.write(rows[range], to: path)
        report("the teacher has read \(range.upperBound) of \(counted(rows.count, "row"))")
      }
      let count = offsets[range.upperBound] - offsets[range.lowerBound]
      parts.append(try Self.map(path, records: count, top: self.top, size: size))
      starts.append(offsets[range.lowerBound])
    }
    (self.parts, self.starts) = (parts, starts)
  }

  /// The rows at which parts begin, and the end.
  private static func cuts(_ offsets: [Int]) -> [Int] {
    var cuts = [0]
    for row in offsets.indices.dropFirst()
    where offsets[row] - offsets[cuts[cuts.count - 1]] >= partSize || row == offsets.count - 1 {
      cuts.append(row)
    }
    return cuts
  }

  private static func map(
    _ path: String, records: Int, top: Int, size: Int
  ) throws(AIGCError) -> (Table<Int32>, Table<Float>) {
    let file = try MappedFile(path: path, isInput: false)
    let ids: Table<Int32> = try file.table(at: 0, count: records * top)
    let probabilities: Table<Float> = try file.table(at: records * top * 4, count: records * top)
    for index in ids.indices {
      guard (0..<Int32(size)).contains(ids[index]), (0...1).contains(probabilities[index]) else {
        throw .badInput("\(path): damaged: remove it, and the teacher is asked again")
      }
    }
    return (ids, probabilities)
  }

  /// What the teacher says of rows that stand side by side.
  /// - Parameters:
  ///   - rows: their numbers.
  ///   - steps: places of each in the batch; those behind a row say nothing.
  func targets(_ rows: [Int], steps: Int, temperature: Float, ratio: Float) -> SoftTargets {
    var (ids, probabilities): ([Int32], [Float]) = ([], [])
    ids.reserveCapacity(rows.count * steps * top)
    probabilities.reserveCapacity(rows.count * steps * top)
    for row in rows {
      let part = (starts.firstIndex { $0 > offsets[row] } ?? starts.count) - 1
      let first = (offsets[row] - starts[part]) * top
      let count = (offsets[row + 1] - offsets[row]) * top
      for index in first..<first + count {
        ids.append(parts[part].ids[index])
        probabilities.append(parts[part].probabilities[index])
      }
      let missing = steps * top - count
      ids += [Int32](repeating: 0, count: missing)
      probabilities += [Float](repeating: 0, count: missing)
    }
    return SoftTargets(
      count: top, ids: ids, probabilities: probabilities, temperature: temperature, ratio: ratio)
  }
}

/// Asks a teacher for the probabilities of rows' tokens.
private struct ScoreMaker {
  let teacher: any LanguageModel
  /// Tokens that are scored, the first of the teacher's.
  let size: Int
  let top: Int
  let temperature: Float

  func write(_ rows: ArraySlice<TokenRow>, to path: String) throws(AIGCError) {
    var (ids, probabilities): ([Int32], [Float]) = ([], [])
    for row in rows {
      try Interruption.check()
      try teacher.scores(of: row.tokens) { (scores) throws(AIGCError) in
        add(scores, &ids, &probabilities)
      }
    }
    let file = try OutputFile(path: path)
    try file.write(Table(ids))
    try file.write(Table(probabilities))
    try file.commit(sync: false)
  }

  /// Appends the records of scores, [rows, tokens of the teacher].
  private func add(_ scores: [Float], _ ids: inout [Int32], _ probabilities: inout [Float]) {
    let width = teacher.vocabularySize
    let count = scores.count / width
    let found = ParallelSlots<[TokenProbability]>(count: count)
    parallelFor(count) { row in
      found.set(row, best(Array(scores[row * width..<row * width + size])))
    }
    for row in 0..<count {
      for token in found.take(row) ?? [] {
        ids.append(token.id)
        probabilities.append(Float(exp(token.logProbability)))
      }
    }
  }

  private func best(_ scores: [Float]) -> [TokenProbability] {
    var dense = DenseScores()
    dense.scores = temperature == 1 ? scores : scores.map { $0 / temperature }
    return dense.likeliest(top)
  }
}

extension LanguageModel {
  /// Scores of the tokens after each of a text but the last, as ``logits(of:window:_:)`` hands them out; of a text that
  /// may be one token longer than what is seen at once.
  fileprivate func scores(
    of tokens: [Int32], _ body: ([Float]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    guard let engine = (self as? TransformerLanguageModel)?.engine else {
      return try logits(of: tokens, window: ScoringWindow(), body)
    }
    let cache = KeyValueCache(for: engine.decoder.weights, type: engine.cacheType)
    try engine.decoder.logits(Array(tokens.dropLast()), from: 0, cache) {
      (rows) throws(AIGCError) in
      guard areFinite(rows) else { throw scoreDamage }
      try body(rows)
    }
  }
}
