import Files
import FoundationEssentials

/// Settings that a run keeps whole, as JSON beside its flags: those of verbs whose models do not say how they were
/// trained. A run that goes on reads them.
struct RunRecord<Settings: Codable> {
  /// Its key among what the run keeps, which is no flag's: "reward settings".
  let name: String

  init(_ name: String) { self.name = name }

  /// Whether the run was started by a verb that keeps this.
  func isKept(by saved: SavedRun) -> Bool { saved[name] != nil }

  /// - Throws: ``/Files/AIGCError`` (badInput) for a run that keeps none, or a damaged one.
  func settings(of saved: SavedRun) throws(AIGCError) -> Settings {
    guard let text = saved[name],
      let settings = try? JSONDecoder().decode(Settings.self, from: Data(text.utf8))
    else { throw .badInput("\(saved.folder): what the run was started with is damaged") }
    return settings
  }

  /// What has a run keep them: one of ``FilledRecipe/settings``.
  /// - Throws: ``/Files/AIGCError`` (usage) for settings that JSON cannot say.
  func setting(_ settings: Settings) throws(AIGCError) -> RunSetting {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(settings) else {
      throw .usage("settings that cannot be written: numbers are needed")
    }
    return RunSetting(name, nil as String?, else: String(decoding: text, as: UTF8.self))
  }
}

extension SavedRun {
  /// Whether the run keeps a ``RunRecord``: then `aigc train` did not start it.
  var hasRecord: Bool { trainer.settings?.keys.contains { !$0.hasPrefix("--") } ?? false }
}
