import Families
import Files
import Training

/// A flag of `aigc train` whose value a run keeps when it goes on: sizes of the model, which data are
/// learned from.
struct RunSetting {
  /// "--hidden".
  let flag: String
  /// What this command line says; nil: nothing.
  let given: String?
  /// What is in force without the flag: the family's default, or what the model of a run that goes on
  /// has; nil where it follows from the data.
  let otherwise: String?
  /// Whether it takes no value.
  let isSwitch: Bool

  var value: String? { given ?? otherwise }

  init(
    _ flag: String, _ given: (some CustomStringConvertible)?, else otherwise: String? = nil
  ) {
    (self.flag, self.given) = (flag, given.map { $0.description })
    (self.otherwise, isSwitch) = (otherwise, false)
  }

  /// A flag without a value.
  init(_ flag: String, isOn: Bool, else otherwise: Bool = false) {
    (self.flag, given) = (flag, isOn ? "on" : nil)
    (self.otherwise, isSwitch) = (otherwise ? "on" : nil, true)
  }

  /// Refuses a value that a run that goes on was not started with.
  /// - Throws: ``/Files/AIGCError`` (usage) that names the flag and what the run was started with.
  func check(_ saved: SavedRun) throws(AIGCError) {
    // Without a record of the start the model itself says what it is.
    let remembered = saved[flag] ?? otherwise
    guard let given, given != remembered else { return }
    let start =
      isSwitch
      ? remembered == nil ? "without it" : "with it"
      : remembered.map { "with \($0)" } ?? "without it"
    throw .usage(
      "\(flag)\(isSwitch ? "" : " \(given)"): the run in \(saved.folder) was started "
        + "\(start), and a run that goes on keeps that; leave the flag out, or train anew without "
        + "--resume")
  }
}

extension TrainingFlags {
  /// The shares of the data that can be held out.
  static let heldOutShares = 0.0...0.9

  /// Has a run keep its settings and what is held out, of which measures are taken.
  func keep(
    _ filled: FilledRecipe, in run: inout RunOptions, resuming saved: SavedRun?
  ) throws(AIGCError) {
    // Where the family finds what is held out from the data, the recipe says what it keeps.
    let held = run.heldOut.flatMap { $0.share == nil ? nil : $0 }
    let settings = filled.settings + (held.map { heldOutSettings($0) } ?? [])
    try keep(settings, in: &run.trainer, resuming: saved)
    if let held { run.heldOut = try heldOut(held, resuming: saved) }
    if let measure = filled.measure {
      try requireMeasure(measure.isGiven, pass: measure.flag)
    } else if held != nil {
      let isMeasured = run.heldOut.map { $0.path != nil || $0.share ?? 0 > 0 } ?? false
      try requireMeasure(isMeasured, pass: "--val, or --val-split above 0")
    }
  }

  /// Has a new run remember its settings, and refuses others for one that goes on: they would be
  /// ignored.
  /// - Parameters:
  ///   - settings: of a run that goes on their values are those of its model, for runs that remember
  ///     nothing.
  ///   - configuration: of the run; the saved one where it goes on.
  /// - Throws: ``/Files/AIGCError`` (usage) that names the flag and what the run was started with.
  private func keep(
    _ settings: [RunSetting], in configuration: inout TrainerConfiguration,
    resuming saved: SavedRun?
  ) throws(AIGCError) {
    guard let saved else {
      let known = settings.compactMap { setting in setting.value.map { (setting.flag, $0) } }
      configuration.settings = Dictionary(known) { first, _ in first }
      return
    }
    for setting in settings { try setting.check(saved) }
  }

  /// What is held out: as given, or what a run that goes on was started with, or the family's default.
  /// - Throws: ``/Files/AIGCError``: badInput for a share that is none; usage for standard input, which a run
  ///   cannot read again by itself.
  private func heldOut(
    _ usual: HeldOutData, resuming saved: SavedRun?
  ) throws(AIGCError) -> HeldOutData {
    guard let saved, val == nil, valSplit == nil else {
      return HeldOutData(path: val, share: valSplit ?? usual.share)
    }
    if saved["--val"] == "-" {
      throw .usage("the run in \(saved.folder) measured itself on standard input: pass --val")
    }
    guard let text = saved["--val-split"] else {
      return HeldOutData(path: saved["--val"], share: usual.share)
    }
    guard let share = Double(text), Self.heldOutShares.contains(share) else {
      throw .badInput(
        "\(saved.folder): the run's --val-split \(printable(text)) is no share; damaged")
    }
    return HeldOutData(path: saved["--val"], share: share)
  }

  /// The settings of what is held out.
  private func heldOutSettings(_ usual: HeldOutData) -> [RunSetting] {
    [
      // Another file measures the same run: it may change.
      RunSetting("--val", nil as String?, else: val),
      RunSetting("--val-split", valSplit, else: val == nil ? usual.share.map { "\($0)" } : nil),
    ]
  }

  /// Refuses `--early-stop` where nothing is measured that could stop a run.
  private func requireMeasure(_ isMeasured: Bool, pass flags: String) throws(AIGCError) {
    guard let earlyStop, earlyStop > 0, !isMeasured else { return }
    throw .usage("--early-stop \(earlyStop): nothing is measured to stop by: pass \(flags)")
  }
}
