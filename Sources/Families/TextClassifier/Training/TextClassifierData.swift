import Datasets
import Files
import Training

/// The texts of a run: those to learn from, and what is held out.
struct TextClassifierData: Sendable {
  let learned: LabelledTexts
  /// nil: nothing is held out.
  let heldOut: LabelledTexts?
  /// How much a text of each class counts.
  let classWeights: [Double]

  /// Texts that are held out in a file of their own, or a share of each class.
  /// - Throws: ``/Files/AIGCError``: badInput for data that cannot be read or have a single class, mismatch where
  ///   held-out texts have other classes.
  init(
    _ settings: TextClassifierSettings, _ run: RunOptions, classes: [String]?
  ) throws(AIGCError) {
    func polar(_ texts: LabelledTexts) -> LabelledTexts {
      settings.task == .sentiment ? texts.withPolarities : texts
    }
    var all = polar(try LabelledTexts.read(settings.data, settings.columns))
    if let classes { all = try all.matched(to: classes, of: "the model") }
    guard all.classes.count > 1 else {
      throw .badInput(
        "\(all.path): all texts are of the class \(printable(all.classes[0])): two are needed at least"
      )
    }
    if let path = run.heldOut?.path {
      learned = all
      heldOut = try polar(try LabelledTexts.read(path, settings.columns))
        .matched(to: all.classes, of: all.path)
    } else {
      (learned, heldOut) = all.split(share: run.heldOut?.share ?? 0, seed: run.trainer.seed)
    }
    let counts = learned.counts
    guard settings.balances else {
      classWeights = counts.map { _ in 1 }
      return
    }
    let present = Double(counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })
    let total = Double(learned.count)
    classWeights = counts.map { $0 == 0 ? 0 : total / (present * Double($0)) }
  }

  /// What a plan says of it.
  var found: [JSONValue.Member] {
    [
      .init("training_texts", .int(learned.count)),
      .init("held_out_texts", .int(heldOut?.count ?? 0)),
      .init("classes", .array(learned.classes.map { .string($0) })),
    ]
  }
}
