import Glibc
import Testing

/// The program on a terminal of its own.
final class Terminal {
  private let descriptor: Int32
  private var process = pid_t()
  /// All that was shown so far.
  private(set) var output: [UInt8] = []

  /// Starts a shell command with `$AIGC` as the program.
  init(_ script: String) throws {
    descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(descriptor >= 0)
    // `unlockpt` and `ptsname`, which Swift's Glibc does not show.
    var (isLocked, number): (Int32, Int32) = (0, 0)
    try #require(ioctl(descriptor, 0x4004_5431, &isLocked) == 0)
    try #require(ioctl(descriptor, 0x8004_5430, &number) == 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // In a session of its own what it opens first is its terminal.
    let newSession: Int16 = 0x80
    // The thread that starts it may let no signals through.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/pts/\(number)", O_RDWR, 0)
    for stream: Int32 in [1, 2] { posix_spawn_file_actions_adddup2(&actions, 0, stream) }
    let command = "export TERM=xterm AIGC='\(program ?? "")'; \(script)"
    var arguments = ["/bin/sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
    defer { arguments.forEach { free($0) } }
    try #require(
      posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, environ) == 0)
  }

  deinit {
    if process > 0 {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }
    close(descriptor)
  }

  func type(_ keys: String) {
    var bytes = Array(keys.utf8)
    #expect(write(descriptor, &bytes, bytes.count) == bytes.count)
  }

  /// Reads what is shown until `isEnough`; half a minute at most.
  /// - Parameter isEnough: gets the bytes that came behind `start`.
  func wait(from start: Int, until isEnough: (ArraySlice<UInt8>) -> Bool) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      if isEnough(output[start...]) { return true }
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, 100) > 0 else { continue }
      let size = read(descriptor, &buffer, buffer.count)
      // The program has ended.
      guard size > 0 else { return isEnough(output[start...]) }
      output += buffer.prefix(size)
    }
    return false
  }

  /// Waits for a text behind `start`, among the last bytes.
  func wait(from start: Int, for text: String) -> Bool {
    wait(from: start) { String(decoding: $0.suffix(1 << 10), as: UTF8.self).contains(text) }
  }

  /// - Returns: the exit code; nil where the program does not end, or by a signal.
  func finish() -> Int32? {
    _ = wait(from: output.count) { _ in false }
    var status: Int32 = 0
    // It lets go of the terminal a moment before it has ended.
    for _ in 0..<500 {
      if waitpid(process, &status, WNOHANG) == process {
        process = 0
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
      }
      usleep(10_000)
    }
    return nil
  }
}
