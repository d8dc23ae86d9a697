import Console
import Families
import Files
import Training

/// Opens the image model that the user wrote as a name or a path; without one, the newest of the
/// family in runs/, else the bundled one.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another family.
func loadImageModel(
  _ nameOrPath: String?, family name: String
) throws(AIGCError) -> (path: String, model: any ImageModel) {
  let path =
    if let nameOrPath {
      try ModelStore.standard().resolve(nameOrPath)
    } else {
      try defaultModelPath(kind: "image") { isNamed(name, $0) }
    }
  let family = try family(of: path)
  guard let images = family as? any ImageFamily, family.names.contains(name) else {
    throw .mismatch("\(path): a model of the family \(family.name); a \(name) model is needed here")
  }
  return (path, try images.load(path))
}

/// The chosen classifier, or with no name the newest in `runs/`, else the bundled one, which is then
/// named on standard error.
func openClassifier(_ name: String?) throws(AIGCError) -> Classifier {
  if let name { return try loadClassifier(name) }
  return try Classifier(folder: defaultModelPath(kind: "classifier"))
}

/// Whether a model is asked for by this name of a family.
private func isNamed(_ name: String, _ model: StoredModel) -> Bool {
  // Most say it themselves; others are read to know it.
  if model.configuration.family == name { return true }
  let isOther = families.contains { $0.names.count > 1 && $0.names.contains(name) }
  return isOther && (try? family(of: model.path))?.names.contains(name) == true
}
