import Files
import TestSupport

/// What `Scripts/fixtures/gpt2.py` writes.
package func gpt2Fixture(_ name: String) -> String {
  fixture("gpt2/\(name)", of: "FamiliesTests")
}

/// Copies a model folder of the fixtures to the folder `model`.
package func copyGPT2(_ name: String, to folder: TemporaryFolder) throws {
  for file in folderContents(gpt2Fixture(name)) {
    try folder.write("model/\(file)", bytes("\(gpt2Fixture(name))/\(file)"))
  }
}
