import CSystem
import Glibc

/// The program's real path, symbolic links followed; nil where the system does not tell it.
public func executablePath() -> String? {
  linkTarget("/proc/self/exe") ?? startedPath()
}

private func linkTarget(_ path: String) -> String? {
  var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
  let count = readlink(path, &bytes, bytes.count)
  guard count > 0 else { return nil }
  return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// What the kernel was given to execute, by the memory of the process itself: for systems without
/// `/proc`. A shell has looked the program up in PATH by then; a relative path is one of the folder that
/// the process was started in, which this program never leaves.
func startedPath() -> String? {
  guard let name = aigc_executed_path(), let path = realpath(name, nil) else { return nil }
  defer { free(path) }
  return String(cString: path)
}

/// The folder of what comes with a program: `share/aigc/Models` of an installed one, or `Models` of the
/// package it was built in.
public func bundledFolder(executable: String) -> String? {
  let binaries = parentFolder(of: executable)
  let installed = "\(parentFolder(of: binaries))/share/aigc/Models"
  if isFolder(installed) { return installed }
  var folder = binaries
  while folder != "/", folder != "." {
    if fileExists("\(folder)/Package.swift") {
      return isFolder("\(folder)/Models") ? "\(folder)/Models" : nil
    }
    folder = parentFolder(of: folder)
  }
  return nil
}
