import Glibc

/// Text for the current `errno`, for messages about files.
public func systemErrorText(_ code: Int32 = errno) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

extension AIGCError {
  /// An input that the system does not let us read, for the reason in `errno`. That memory or places for
  /// open files have run out, or that the disk fails, is no fault of the file.
  public static func unreadable(_ path: String, _ code: Int32 = errno) -> AIGCError {
    let isSystems = [ENOMEM, EMFILE, ENFILE, EIO].contains(code)
    return AIGCError(isSystems ? .failed : .badInput, "\(path): \(systemErrorText(code))")
  }
}
