import Files
import Kernels

/// What `aigc --version` and `--license` print.
public enum Version {
  /// The version of the program, as `aigc --version` prints it.
  public static let number = "0.1.0"

  /// The version, the linear algebra libraries and the processor.
  public static var text: String {
    """
    aigc \(number)
    \(LinearAlgebraLibraries.openBLAS.singleSpaced), core \(LinearAlgebraLibraries.coreName)
    LAPACK \(LinearAlgebraLibraries.lapack)
    CPU \(architecture): \(cpuFeatures.joined(separator: " ")); \(counted(Threads.count, "thread"))

    """
  }

  /// The text of `aigc --license`: the program's licence, and those of the libraries and data in
  /// it.
  public static let license = """
    aigc is licensed under the Apache License, Version 2.0:
    https://www.apache.org/licenses/LICENSE-2.0
    It comes without warranty of any kind.

    It uses the Swift standard library, Foundation and swift-argument-parser (Apache-2.0 with
    Runtime Library Exception), OpenBLAS and LAPACK (BSD-3-Clause), zlib (zlib licence), libpng
    (libpng licence, version 2) and libjpeg-turbo (IJG, BSD-3-Clause and zlib licences).
    Bundled models name the licence of their data on their cards; LICENSES.md beside them says what
    follows from it. Plots draw letters of GNU Unifont (SIL Open Font License 1.1).

    """

  static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  private static let interesting: Set<String> = [
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "asimd", "asimddp", "i8mm", "bf16", "sve",
    "sve2",
  ]

  /// The vector features that Linux reports, or without /proc the level that our own loops take.
  static var cpuFeatures: [String] {
    guard let text = readSmallFile("/proc/cpuinfo") else {
      return [LinearAlgebraLibraries.vectorLevel]
    }
    let line = text.split(separator: "\n").first {
      $0.hasPrefix("flags") || $0.hasPrefix("Features")
    }
    let words = line?.split(separator: ":").last?.split(whereSeparator: \.isWhitespace) ?? []
    return words.map(String.init).filter(interesting.contains)
  }
}

extension String {
  fileprivate var singleSpaced: String {
    split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
