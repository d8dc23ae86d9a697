import Glibc
import TestSupport
import Testing

@testable import Files

private func kind(_ path: String) -> mode_t {
  var status = stat()
  return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
}

@Suite struct OutputTargetTests {
  @Test func aLinkStaysAndItsTargetIsReplaced() throws {
    let scratch = try TemporaryFolder()
    try makeFolder("\(scratch.path)/far")
    let (file, link) = ("\(scratch.path)/far/real.txt", "\(scratch.path)/link.txt")
    // Dangling at first, then not; by two links, one of them relative.
    #expect(symlink("far/real.txt", "\(scratch.path)/inner") == 0)
    #expect(symlink("\(scratch.path)/inner", link) == 0)
    for word in ["first", "second"] {
      try write(word, to: link)
      #expect(try text(file) == word)
      #expect(kind(link) == S_IFLNK && kind("\(scratch.path)/inner") == S_IFLNK)
    }
    #expect(folderContents("\(scratch.path)/far") == ["real.txt"])
    #expect(symlink("b", "\(scratch.path)/a") == 0 && symlink("a", "\(scratch.path)/b") == 0)
    #expect(refusal { try write("", to: "\(scratch.path)/a") }?.code == .failed)
  }

  @Test func permissionsStay() throws {
    let scratch = try TemporaryFolder()
    let path = "\(scratch.path)/secret"
    try write("1", to: path)
    #expect(chmod(path, 0o600) == 0)
    try write("2", to: path)
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func devicesAndFIFOsAreWrittenToAsTheyAre() throws {
    let scratch = try TemporaryFolder()
    try write("gone", to: "/dev/null")
    #expect(kind("/dev/null") == S_IFCHR)
    #expect(refusal { try write("full", to: "/dev/full") }?.code == .failed)
    #expect(kind("/dev/full") == S_IFCHR)
    let fifo = "\(scratch.path)/fifo"
    #expect(mkfifo(fifo, 0o644) == 0)
    let reader = open(fifo, O_RDONLY | O_NONBLOCK)
    try write("through", to: fifo)
    var bytes = [UInt8](repeating: 0, count: 16)
    #expect(read(reader, &bytes, 16) == 7 && bytes.starts(with: "through".utf8))
    close(reader)
    #expect(kind(fifo) == S_IFIFO)
  }

  @Test func openDescriptorsAreWrittenTo() throws {
    let scratch = try TemporaryFolder()
    let path = "\(scratch.path)/log"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    for spelling in ["/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)"] {
      try write("x", to: spelling)
      #expect(symlink(spelling, "\(scratch.path)/link") == 0)
      try write("y", to: "\(scratch.path)/link")
      unlink("\(scratch.path)/link")
    }
    close(descriptor)
    #expect(try text(path) == "xyxy")
    #expect(refusal { try write("", to: "/dev/fd/987") }?.code == .failed)
    #expect(isStandardOutput("-") && isStandardOutput("/dev/stdout"))
    #expect(!isStandardOutput("/dev/stderr") && !isStandardOutput(path))
  }

  @Test func foldersAndNoNamesAreRefused() throws {
    let scratch = try TemporaryFolder()
    for path in [scratch.path, "\(scratch.path)/", "\(scratch.path)/new/", ""] {
      #expect(refusal { try write("", to: path) }?.code == .usage)
    }
    #expect(refusal { try write("", to: "\(scratch.path)/no/file") }?.code == .failed)
    #expect(folderContents(scratch.path).isEmpty)
  }

  /// What waits under the temporary name is another one's.
  @Test func temporaryNamesAreNotWrittenThrough() throws {
    let scratch = try TemporaryFolder()
    try write("mine", to: "\(scratch.path)/victim")
    #expect(symlink("victim", "\(scratch.path)/a.tmp-\(getpid())") == 0)
    try write("new", to: "\(scratch.path)/a")
    #expect(try text("\(scratch.path)/victim") == "mine")
    #expect(try text("\(scratch.path)/a") == "new")
  }
}

@Suite struct OutputKindTests {
  @Test(arguments: [
    (OutputKind.text, ["a", "a.txt", "a.csv", "a.swift", "v1.2"], ["a.png", "a.TXT.gz", "a.zip"]),
    (.lines, ["a.tsv", "a.txt"], ["a.csv", "a.json", "a.jpg"]),
    (.json, ["a.json", "a.jsonl", "a"], ["a.csv", "a.gz"]),
    (.image, ["a.png", "a.JPG", "a.jpeg"], ["a", "a.gif", "a.txt", "a.webp"]),
    (.animation, ["a.png", "a.apng", "a.gif"], ["a.jpg", "a.webp"]),
    (.latents, ["a.aigl", "a", "a.bin"], ["a.png", "a.json", "a.zip"]),
    (.tensors, ["a.safetensors"], ["a.pth", "a"]),
    (.arpa, ["a.arpa", "a.arpa.gz", "a.lm"], ["a.zip", "a.png"]),
    (.folder, ["a", "v1.2"], ["a.arpa", "a.gz", "a.safetensors", "a.png"]),
    (.commaSeparated, ["a.csv", "a"], ["a.json", "a.png"]),
  ])
  func endingsSayWhatIsInAFile(_ kind: OutputKind, _ good: [String], _ bad: [String]) throws {
    for name in good { try kind.check("/tmp/\(name)") }
    for name in bad {
      #expect(refusal { try kind.check("/tmp/\(name)") }?.code == .usage, "\(name)")
    }
    try OutputKind.image.check("/dev/null")
  }

  @Test func alsoThoseOfALinksTarget() throws {
    let scratch = try TemporaryFolder()
    #expect(symlink("a.jpg", "\(scratch.path)/a.txt") == 0)
    #expect(refusal { try OutputKind.text.check("\(scratch.path)/a.txt") }?.code == .usage)
  }
}

@Suite struct InputRecordTests {
  /// Runs `body` as a program that keeps what it reads.
  private func recording(_ body: () throws -> Void) throws {
    try InputRecord.$scoped.withValue(InputRecord()) { try body() }
  }

  @Test func whatWasReadIsNotWrittenOver() throws {
    let scratch = try TemporaryFolder()
    let path = "\(scratch.path)/a.txt"
    try write("original", to: path)
    #expect(link(path, "\(scratch.path)/hard") == 0)
    #expect(symlink("a.txt", "\(scratch.path)/soft") == 0)
    try recording {
      _ = try MappedFile(path: path)
      try makeFolder("\(scratch.path)/x")
      let again = "../\(lastComponent(of: scratch.path))/a.txt"
      for name in ["a.txt", "hard", "soft", "./x/../a.txt", again] {
        #expect(
          refusal { try write("new", to: "\(scratch.path)/\(name)") }?.code == .usage, "\(name)")
      }
      // Opened before it was read, too.
      let early = try OutputFile(path: "\(scratch.path)/b.txt")
      try write("b", to: "\(scratch.path)/b.txt")
      _ = try MappedFile(path: "\(scratch.path)/b.txt")
      #expect(refusal { try early.commit(sync: false) }?.code == .usage)
      InputRecord.release(path)
      try write("allowed", to: path)
    }
    #expect(try text(path) == "allowed" && text("\(scratch.path)/b.txt") == "b")
    // Without a record, as in a library, it is the caller's own business.
    try write("library", to: path)
  }

  @Test func plansAreCheckedBeforeTheWork() throws {
    let scratch = try TemporaryFolder()
    let (a, b) = ("\(scratch.path)/a.txt", "\(scratch.path)/b.txt")
    try write("a", to: a)
    try recording {
      try OutputPlan.check([(b, .text), (nil, .text), ("-", .text)], reading: [a, nil])
      #expect(refusal { try OutputPlan.check([(a, .text)], reading: [a]) }?.code == .usage)
      let twice = [(b, OutputKind.text), ("\(scratch.path)//b.txt", .text)]
      #expect(refusal { try OutputPlan.check(twice.map { ($0.0, $0.1) }) }?.code == .usage)
      #expect(refusal { try OutputPlan.check([("\(scratch.path)/no/b", .text)]) }?.code == .failed)
      #expect(refusal { try OutputPlan.check(folder: a) }?.code == .usage)
      let path = scratch.path
      #expect(refusal { try OutputPlan.check(folder: path, reading: [path]) }?.code == .usage)
      #expect(refusal { try OutputPlan.check(folder: "\(scratch.path)/new/deep") }?.code == .usage)
      try OutputPlan.check(folder: "\(scratch.path)/../other")
    }
  }

  @Test func aModelThatIsReadIsNotReplaced() throws {
    let scratch = try TemporaryFolder()
    let model = "\(scratch.path)/model"
    for text in ["1", "2"] {
      let folder = try OutputFolder(path: model)
      try write(ownConfiguration, to: folder.file("config.json"))
      try write(text, to: folder.file("weights"))
      try folder.commit()
    }
    try recording {
      _ = try MappedFile(path: "\(model)/config.json", isInput: false)
      _ = try OutputFolder(path: model)
      _ = try MappedFile(path: "\(model)/weights")
      #expect(refusal { _ = try OutputFolder(path: model) }?.code == .usage)
      // Only a lock that is joined says that this is the purpose.
      let lock = try FolderLock(model)
      try FolderLock.$current.withValue(lock) {
        let folder = try OutputFolder(path: model)
        try write(ownConfiguration, to: folder.file("config.json"))
        try folder.commit()
        // The lock goes over to the new folder.
        #expect(refusal { _ = try FolderLock(model) }?.code == .failed)
        try write("own", to: "\(model)/config.json")
      }
      try scratch.write("model/additional_chat_templates/tool_use.jinja", "x")
      _ = try MappedFile(path: "\(model)/additional_chat_templates/tool_use.jinja")
      #expect(refusal { _ = try OutputFolder(path: model) }?.code == .usage)
      InputRecord.add(scratch.path)
      #expect(refusal { _ = try OutputFolder(path: "\(scratch.path)/inside") }?.code == .usage)
    }
    #expect(folderContents(scratch.path) == ["model"])
    #expect(refusal { try OutputFolder.checkKeeps("\(model)/x", replacing: model) }?.code == .usage)
    try OutputFolder.checkKeeps("\(scratch.path)/x", replacing: model)
  }
}

/// A `config.json` with the members by which a model of this program is known.
let ownConfiguration = "{\"family\":\"x\",\"format_version\":1,\"kind\":\"y\"}"

@Suite struct OutputFolderTests {
  private func make(_ path: String) throws {
    let folder = try OutputFolder(path: path)
    try write(ownConfiguration, to: folder.file("config.json"))
    try folder.commit()
  }

  @Test func onlyModelsAreReplaced() throws {
    let scratch = try TemporaryFolder()
    let photos = "\(scratch.path)/photos"
    try makeFolder("\(photos)/2024")
    try write("x", to: "\(photos)/1.jpg")
    #expect(refusal { try make(photos) }?.code == .usage)
    // Somebody else's config.json.
    try write("{\"name\":\"web\"}", to: "\(photos)/config.json")
    #expect(refusal { try make(photos) }?.code == .usage)
    try write("{\"family\":\"x\"}", to: "\(photos)/config.json")
    #expect(refusal { try make(photos) }?.code == .usage)
    #expect(folderContents(photos) == ["1.jpg", "2024", "config.json"])
    try write("file", to: "\(scratch.path)/file")
    #expect(refusal { try make("\(scratch.path)/file") }?.code == .usage)
    #expect(refusal { try make("/dev/null") }?.code == .usage)
    #expect(refusal { try make("") }?.code == .usage)
    #expect(refusal { try make(".") }?.code == .usage)
    try makeFolder("\(scratch.path)/empty")
    try make("\(scratch.path)/empty")
    #expect(folderContents(scratch.path) == ["empty", "file", "photos"])
  }

  /// Folders in a model's folder that the program writes go with it; with anything else in them they stay.
  @Test func ownFoldersAreReplaced() throws {
    let scratch = try TemporaryFolder()
    let model = "\(scratch.path)/model"
    let own = "\(model)/additional_chat_templates"
    try make(model)
    try scratch.write("model/additional_chat_templates/tool_use.jinja", "x")
    try make(model)
    #expect(folderContents(model) == ["config.json"])
    for other in ["tool_use.jinja", "rag.jinja"] {
      try scratch.write("model/additional_chat_templates/\(other)", "x")
    }
    #expect(refusal { try make(model) }?.code == .usage)
    #expect(folderContents(own) == ["rag.jinja", "tool_use.jinja"])
    removeTree(own)
    try makeFolder("\(own)/tool_use.jinja")
    #expect(refusal { try make(model) }?.code == .usage)
    removeTree(own)
    try scratch.write("others/tool_use.jinja", "x")
    #expect(symlink("../others", own) == 0)
    #expect(refusal { try make(model) }?.code == .usage)
    #expect(folderContents("\(scratch.path)/others") == ["tool_use.jinja"])
  }

  @Test func aLinkToAFolderStays() throws {
    let scratch = try TemporaryFolder()
    #expect(symlink("models/real", "\(scratch.path)/link") == 0)
    for _ in 0..<2 { try make("\(scratch.path)/link") }
    #expect(kind("\(scratch.path)/link") == S_IFLNK)
    #expect(folderContents("\(scratch.path)/models") == ["real"])
    #expect(folderContents("\(scratch.path)/models/real") == ["config.json"])
  }

  @Test func oneAtATime() throws {
    let scratch = try TemporaryFolder()
    let path = "\(scratch.path)/model"
    do {
      let first = try OutputFolder(path: path)
      #expect(folderContents(path).isEmpty)
      #expect(refusal { _ = try OutputFolder(path: path) }?.code == .failed)
      #expect(refusal { _ = try FolderLock(path) }?.code == .failed)
      try write(ownConfiguration, to: first.file("config.json"))
      try first.commit()
      #expect(refusal { _ = try OutputFolder(path: path) }?.code == .failed)
      let lock = first.lock
      #expect(lock.path.hasPrefix(path))
    }
    // Free with the holder's end, nothing left of it.
    try make(path)
    #expect(folderContents(scratch.path) == ["model"])
    #expect(folderContents(path) == ["config.json"])
    do { _ = try OutputFolder(path: "\(scratch.path)/dropped") }
    #expect(folderContents(scratch.path) == ["model"])
  }

  @Test func aLockIsWaitedFor() async throws {
    let scratch = try TemporaryFolder()
    let path = scratch.path
    var lock: FolderLock? = try FolderLock(path)
    let waits = AsyncStream<Void>.makeStream()
    async let second: Bool = Task.detached {
      try FolderLock(path) { waits.continuation.yield() }.path == path
    }.value
    for await _ in waits.stream { break }
    #expect(lock != nil)
    lock = nil
    #expect(try await second)
  }

  /// A process that is being started has copies of this one's descriptors for a moment.
  @Test func aCopyOfTheDescriptorDoesNotHoldTheLock() throws {
    let scratch = try TemporaryFolder()
    var lock: FolderLock? = try FolderLock(scratch.path)
    let copies = (3..<1024).filter { (descriptor: Int32) in
      FileIdentity(descriptor: descriptor) == FileIdentity(scratch.path)
    }.map { dup($0) }
    defer { copies.forEach { close($0) } }
    #expect(!copies.isEmpty && lock != nil)
    lock = nil
    _ = try FolderLock(scratch.path)
  }

  /// A process that is killed holds nothing.
  @Test func aDeadHoldersLockDoesNotLast() throws {
    let scratch = try TemporaryFolder()
    var pid = pid_t()
    let script = """
      exec 9<'\(scratch.path)' && flock -n 9 && echo held > '\(scratch.path)/held' && exec sleep 60
      """
    var arguments: [UnsafeMutablePointer<CChar>?] =
      ["/bin/sh", "-c", script].map { (word: String) in strdup(word) } + [nil]
    defer { arguments.forEach { free($0) } }
    #expect(posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, environ) == 0)
    for _ in 0..<200 where !fileExists("\(scratch.path)/held") { usleep(10_000) }
    let isHeld = fileExists("\(scratch.path)/held")
    if isHeld { #expect(refusal { _ = try FolderLock(scratch.path) }?.code == .failed) }
    kill(pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    _ = try FolderLock(scratch.path)
  }
}
