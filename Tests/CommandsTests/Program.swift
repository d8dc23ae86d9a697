import Files
import Glibc

/// The program that `AIGC_PROGRAM` names, a release build say, or the one that was built beside the test
/// bundle.
let program: String? = {
  if let path = getenv("AIGC_PROGRAM") { return String(cString: path) }
  guard let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) else {
    return nil
  }
  let path = parentFolder(of: bundle) + "/aigc"
  return access(path, X_OK) == 0 ? path : nil
}()

/// Runs a shell command with `$AIGC` as the program; gives its exit code, or nil without a program.
func shell(_ script: String) -> Int32? {
  guard let program else { return nil }
  let status = system("AIGC='\(program)'; \(script)")
  return (status >> 8) & 0xFF
}
