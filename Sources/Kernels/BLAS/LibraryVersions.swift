import CBLAS
import CKernels
import CLAPACKE

/// What the linear algebra libraries say of themselves, for `aigc --version`.
public enum LinearAlgebraLibraries {
  /// OpenBLAS' own version and build options: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …".
  public static var openBLAS: String {
    openblas_get_config().map { String(cString: $0) } ?? "OpenBLAS"
  }

  /// The processor core OpenBLAS chose its kernels for: "SkylakeX", "Zen".
  public static var coreName: String {
    _ = BLASSetup.isDone
    return openblas_get_corename().map { String(cString: $0) } ?? "unknown"
  }

  /// The level of the instruction set that our own loops take here: "x86-64-v3"; empty for the lowest.
  public static var vectorLevel: String {
    let level = Int(aigc_level())
    return level > 0 ? "x86-64-v\(level + 2)" : ""
  }

  /// LAPACK's version: "3.9.1".
  public static var lapack: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    LAPACKE_ilaver(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}
