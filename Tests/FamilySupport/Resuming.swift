import Files
import TestSupport
import Testing
import Training

/// Trains a recipe at once, into the folder `whole`, and in two parts, into `parts`: a run that stopped and went on
/// has the files of one that did not.
/// - Parameters:
///   - step: where the first part ends.
///   - files: names of what is compared, byte by byte.
///   - model: the model that the run starts from; nil: a new one.
///   - change: what the second part is told otherwise; it gets the folder of the first one.
/// - Returns: the recipe of the second part, and its folder.
@discardableResult
package func expectResumes<Recipe: TrainingRecipe>(
  _ recipe: Recipe, at step: Int, files: [String], of model: String? = nil,
  in folder: TemporaryFolder, location: SourceLocation = #_sourceLocation,
  _ change: (inout Recipe, String) throws -> Void = { _, _ in }
) throws -> (recipe: Recipe, path: String) {
  let (whole, parts) = (folder.file("whole"), folder.file("parts"))
  let start = model.map { TrainingStart.model($0) } ?? .new
  _ = try recipe.run(start, in: whole) { _ in }
  let foreign = folderContents(whole).filter { !ModelFolderFiles.isOwn($0) }
  #expect(foreign.isEmpty, "files that a replaced folder would keep", sourceLocation: location)
  var first = recipe
  first.run.trainer.steps = step
  _ = try first.run(start, in: parts) { _ in }
  var rest = recipe
  try change(&rest, parts)
  _ = try rest.resume(in: parts)
  try expectSameFiles(files, in: whole, and: parts, location: location)
  return (rest, parts)
}
