import Glibc

/// Text for the current `errno`, for messages about files.
public func systemErrorText(_ code: Int32 = errno) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}
