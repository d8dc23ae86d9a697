import CSystem
import Files
import Glibc

/// What a program answers that runs beside the training: it gets a JSON object a line,
/// `{"prompt": "…", "completion": "…"}`, and answers each by a line with a number or `{"reward": 0.5}`, in the same
/// order. It is started once, with the first completions, by `/bin/sh -c`.
final class CommandReward: CompletionReward {
  let name = "command"
  private let command: String
  private var process: RunningCommand?

  /// Seconds in which something has to come of a program that was asked.
  static let patience = 60.0

  init(_ command: String) { self.command = command }

  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double] {
    var question: [UInt8] = []
    for completion in completions {
      JSONValue.object([
        .init("prompt", .string(completion.prompt)), .init("completion", .string(completion.text)),
      ]).write(into: &question)
      question.append(10)
    }
    if process == nil { process = try RunningCommand(command) }
    guard let running = process else { return [] }
    var scores: [Double] = []
    do throws(AIGCError) {
      try running.ask(question, answers: completions.count) { (line) throws(AIGCError) in
        scores.append(try self.score(line, number: scores.count + 1))
      }
    } catch {
      process = nil
      throw error
    }
    return scores
  }

  private func score(_ line: [UInt8], number: Int) throws(AIGCError) -> Double {
    let place = "the reward command '\(printable(command))': answer \(number)"
    func value(_ json: JSONValue) -> Double? {
      if case .object(let members) = json {
        return members.first { $0.name == "reward" }?.value.number
      }
      return json.number
    }
    var scanner = JSONScanner(try Table(line), place: place)
    guard let json = try? scanner.value(), (try? scanner.finish()) != nil,
      let score = value(json), score.isFinite
    else {
      let text = String(decoding: line.prefix(60), as: UTF8.self)
      throw .failed("\(place): '\(printable(text))' is no number and no {\"reward\": number}")
    }
    return score
  }
}

/// A program that is written to and read from by lines.
private final class RunningCommand {
  private let command: String
  private var id: Int32 = 0
  private var (input, output): (Int32, Int32) = (-1, -1)
  private var read: [UInt8] = []
  private static let longestLine = 1 << 20

  init(_ command: String) throws(AIGCError) {
    self.command = command
    let reason = aigc_spawn(command, &id, &input, &output)
    guard reason == 0 else {
      throw .failed(
        "the reward command '\(printable(command))': \(String(cString: strerror(reason)))")
    }
  }

  deinit {
    close(input)
    close(output)
    // All of its group: a shell may have started others.
    kill(-id, SIGKILL)
    var status: Int32 = 0
    waitpid(id, &status, 0)
  }

  private func failed(_ text: String) -> AIGCError {
    .failed("the reward command '\(printable(command))' \(text)")
  }

  /// Writes `question` and hands each line of the answer on, as many as are expected.
  func ask(
    _ question: [UInt8], answers: Int, _ take: ([UInt8]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    var (written, taken) = (0, 0)
    var last = ContinuousClock.now
    while taken < answers {
      try Interruption.check()
      // Writing waits where the program does not read on because nobody reads what it says.
      var places = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: written < question.count ? input : -1, events: Int16(POLLOUT), revents: 0),
      ]
      let isReady = poll(&places, 2, 100) > 0
      if isReady, places[1].revents != 0 {
        let part = Array(question[written..<min(written + 1 << 16, question.count)])
        let count = aigc_write(input, part, part.count)
        if count > 0 { (written, last) = (written + count, .now) }
        // It may have said all before it stopped to read.
        if count < 0, errno == EPIPE { written = question.count }
      }
      if isReady, places[0].revents != 0 {
        guard try fill() else {
          throw failed("ended\(status()) after \(counted(taken, "answer")) of \(answers)")
        }
        last = .now
      }
      while taken < answers, let line = nextLine() {
        try take(line)
        taken += 1
      }
      if ContinuousClock.now - last > .seconds(CommandReward.patience) {
        throw failed(
          "said nothing for \(Int(CommandReward.patience)) s after \(counted(taken, "answer")) of \(answers); "
            + "it has to flush each line")
      }
    }
    guard read.isEmpty else { throw failed("said more than \(counted(answers, "line"))") }
  }

  /// - Returns: false at the end of what it says.
  private func fill() throws(AIGCError) -> Bool {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(output, &part, part.count)
    if count < 0, errno == EAGAIN || errno == EINTR { return true }
    guard count > 0 else { return false }
    read += part[..<count]
    guard read.count <= Self.longestLine || read.contains(10) else {
      throw failed("said a line of more than \(Self.longestLine) bytes")
    }
    return true
  }

  private func nextLine() -> [UInt8]? {
    guard let end = read.firstIndex(of: 10) else { return nil }
    let line = Array(read[..<end])
    read.removeFirst(end + 1)
    return line
  }

  /// How the program ended, where it did.
  private func status() -> String {
    var status: Int32 = 0
    // What closed its output ends soon.
    for _ in 0..<20 {
      if waitpid(id, &status, WNOHANG) == id {
        let (code, signal) = (status >> 8 & 0xFF, status & 0x7F)
        return signal != 0 ? " by signal \(signal)" : " with exit code \(code)"
      }
      usleep(10_000)
    }
    return ""
  }
}
