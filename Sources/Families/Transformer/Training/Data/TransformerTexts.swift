import Datasets
import Files
import Inference
import Training

/// The files that a transformer learns from: texts, or JSONL whose lines are rows.
final class TransformerTexts {
  var texts: TrainingTexts
  /// Whether files whose names end in .jsonl hold rows.
  var areRows: Bool
  private let options: RowOptions
  private var corpus: TrainingCorpus?

  /// - Parameters:
  ///   - paths: text files or JSONL, plain or .gz; "-" is standard input, a text.
  ///   - heldOut: of the run; nil: nothing is held out.
  ///   - rows: how lines are learned from; nil: all of each.
  init(_ paths: [String], _ heldOut: HeldOutData?, _ rows: RowOptions?) {
    texts = TrainingTexts(paths, heldOut)
    options = rows ?? RowOptions()
    areRows = true
  }

  /// The texts in memory.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a file that cannot be read.
  func read() throws(AIGCError) -> TrainingCorpus {
    if let corpus { return corpus }
    let read = try texts.read()
    corpus = read
    return read
  }

  /// What a run learns from and is measured on.
  /// - Parameters:
  ///   - template: of the model's chats, which rows of messages ask for.
  ///   - context: the most tokens that are learned from at once.
  ///   - report: gets what was cut and left out.
  /// - Throws: ``/Files/AIGCError``: badInput for data that cannot be read or are too little; usage for texts beside
  ///   rows, and for options of rows without any.
  func data(
    _ tokenizer: any Tokenizer, _ template: () throws(AIGCError) -> ChatTemplate?, context: Int,
    _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (learned: TokenSet, heldOut: TokenSet) {
    let names = texts.paths + [texts.heldOut].compactMap { $0 }
    let isJSONL = areRows && texts.articleLength == nil ? names.map(ArticleReader.isJSONL) : []
    guard isJSONL.contains(true) else {
      guard options == RowOptions() else {
        throw .usage(
          "`\(options.masksPrompts ? "masksPrompts" : "skipsBadLines")` is of lines of .jsonl files, not of texts"
        )
      }
      let (tokens, heldOut) = try read().encode(tokenizer)
      let length = min(context, tokens.count - 1)
      return (.text(tokens, length: length), .text(heldOut, length: length))
    }
    if let place = isJSONL.firstIndex(of: false) {
      throw .usage("\(names[place]): a text beside .jsonl files: give the one or the other")
    }
    var reader = RowReader(tokenizer, try template(), options, context: context)
    var (rows, held): ([TokenRow], [TokenRow]) = ([], [])
    for path in texts.paths { rows += try reader.read(path) }
    if let path = texts.heldOut {
      held = try reader.read(path)
    } else {
      let kept = rows.count - Int(Double(rows.count) * texts.heldOutShare)
      held = Array(rows[kept...])
      rows.removeSubrange(kept...)
    }
    for note in reader.notes { report(.note(note)) }
    return (.rows(rows), .rows(held))
  }
}
