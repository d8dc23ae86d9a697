import Console
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
}

extension TrainingOptions {
  /// Has a new run remember its settings, and refuses others for one that goes on: they would be
  /// ignored.
  /// - Parameters:
  ///   - settings: with `--resume` their values are those of the model in `folder`, for runs that
  ///     remember nothing.
  ///   - configuration: of the run; with `--resume` the saved one.
  /// - Throws: ``AIGCError`` (usage) that names the flag and what the run was started with.
  func keep(
    _ settings: [RunSetting], in configuration: inout TrainerConfiguration, folder: String
  ) throws(AIGCError) {
    guard resume else {
      let known = settings.compactMap { setting in setting.value.map { (setting.flag, $0) } }
      configuration.settings = Dictionary(known) { first, _ in first }
      return
    }
    for setting in settings {
      guard let given = setting.given else { continue }
      // Without a record of the start the model itself says what it is.
      let remembered = configuration.settings?[setting.flag] ?? setting.otherwise
      guard given != remembered else { continue }
      let start =
        setting.isSwitch
        ? remembered == nil ? "without it" : "with it"
        : remembered.map { "with \($0)" } ?? "without it"
      throw .usage(
        "\(setting.flag)\(setting.isSwitch ? "" : " \(given)"): the run in \(folder) was started "
          + "\(start), and a run that goes on keeps that; leave the flag out, or train anew without "
          + "--resume")
    }
  }

  /// The shares of the data that can be held out.
  static let heldOutShares = 0.0...0.9

  /// Has a run keep its settings and what is held out, of which measures are taken.
  /// - Parameters:
  ///   - path: of held-out data; is set.
  ///   - share: of the data that is held out without them: the family's; is set.
  ///   - settings, configuration, folder: see ``keep(_:in:folder:)``.
  func keepHeldOut(
    path: inout String?, share: inout Double, _ settings: [RunSetting],
    in configuration: inout TrainerConfiguration, folder: String
  ) throws(AIGCError) {
    try keep(settings + heldOutSettings(share: share), in: &configuration, folder: folder)
    let heldOut = try heldOut(configuration, folder: folder)
    (path, share) = (heldOut.path, heldOut.share ?? share)
    try requireHeldOut(path != nil || share > 0, pass: "--val, or --val-split above 0")
  }

  /// What is held out: as given, or what a run that goes on was started with.
  /// - Throws: ``AIGCError``: badInput for a share that is none; usage for standard input, which a run
  ///   cannot read again by itself.
  private func heldOut(
    _ configuration: TrainerConfiguration, folder: String
  ) throws(AIGCError) -> (path: String?, share: Double?) {
    guard resume, val == nil, valSplit == nil else { return (val, valSplit) }
    let settings = configuration.settings
    if settings?["--val"] == "-" {
      throw .usage("the run in \(folder) measured itself on standard input: pass --val")
    }
    guard let text = settings?["--val-split"] else { return (settings?["--val"], nil) }
    guard let share = Double(text), Self.heldOutShares.contains(share) else {
      throw .badInput("\(folder): the run's --val-split \(printable(text)) is no share; damaged")
    }
    return (settings?["--val"], share)
  }

  /// The settings of what is held out.
  /// - Parameter share: in force where no flag says another.
  private func heldOutSettings(share: Double) -> [RunSetting] {
    [
      // Another file measures the same run: it may change.
      RunSetting("--val", nil as String?, else: val),
      RunSetting("--val-split", valSplit, else: val == nil ? "\(share)" : nil),
    ]
  }

  /// Refuses `--early-stop` where nothing is measured that could stop a run.
  func requireHeldOut(_ isMeasured: Bool, pass flags: String) throws(AIGCError) {
    guard let earlyStop, earlyStop > 0, !isMeasured else { return }
    throw .usage("--early-stop \(earlyStop): nothing is measured to stop by: pass \(flags)")
  }
}

/// What `--dry-run` says of held-out data.
func heldOutMembers(_ path: String?, share: Double) -> [JSONValue.Member] {
  [.init("val", JSONValue(path)), .init("val_split", path == nil ? .double(share) : .null)]
}
