import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Inference

extension TemporaryFolder {
  fileprivate func addModel(
    _ name: String, kind: String = "text", family: String = "ngram", isDefault: Bool = false,
    age: Double = 0
  ) throws {
    try write(
      "\(name)/config.json",
      #"{"family":"\#(family)","format_version":1,"kind":"\#(kind)","default":\#(isDefault)}"#)
    let date = Date(timeIntervalSince1970: 1_700_000_000 - age)
    try FileManager.default.setAttributes(
      [.modificationDate: date], ofItemAtPath: "\(path)/\(name)/config.json")
  }
}

@Suite struct ModelStoreTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = ModelStore(folders: [
      (.runs, "\(folder.path)/runs"), (.home, "\(folder.path)/home"),
      (.bundled, "\(folder.path)/bundled"),
    ])
  }

  @Test func listsPlaceByPlace() throws {
    try folder.addModel("bundled/b")
    try folder.addModel("bundled/a")
    try folder.addModel("runs/z")
    try folder.addModel("runs/z.tmp-12")
    try folder.write("runs/broken/config.json", "{")
    try folder.write("home/none/readme", "")
    #expect(store.models().map { $0.name } == ["z", "a", "b"])
    #expect(store.models().map { $0.place } == [.runs, .bundled, .bundled])
    #expect((store.models().first?.byteCount ?? 0) > 40)
  }

  @Test func resolvesNamesAndPaths() throws {
    try folder.addModel("runs/tang")
    try folder.addModel("bundled/tang")
    try folder.addModel("bundled/english")
    try folder.write("model.arpa", "x")
    #expect(try store.resolve("tang") == "\(folder.path)/runs/tang")
    #expect(try store.resolve("english") == "\(folder.path)/bundled/english")
    #expect(try store.resolve("\(folder.path)/bundled/tang") == "\(folder.path)/bundled/tang")
    #expect(try store.resolve("\(folder.path)/model.arpa") == "\(folder.path)/model.arpa")
    for wrong in ["nothing", folder.path, "\(folder.path)/none", "../bundled/tang", ""] {
      refuses([.badInput], "\(wrong)") { _ = try store.resolve(wrong) }
    }
  }

  @Test func findsFiles() throws {
    let store = ModelStore(folders: store.folders) { path in
      path.contains("bad")
        ? nil : ModelConfiguration(family: "llama", formatVersion: 1, kind: "text")
    }
    try folder.write("home/talker/some-name.gguf", "x")
    try folder.write("home/bare.gguf", "x")
    try folder.write("home/bad.gguf", "x")
    try folder.write("home/two/a.gguf", "x")
    try folder.write("home/two/b.gguf", "x")
    try folder.addModel("home/both")
    try folder.write("home/both/a.gguf", "x")
    let home = "\(folder.path)/home"
    #expect(store.models().map { $0.name } == ["bare", "both", "talker"])
    #expect(store.models().map { $0.configuration.family } == ["llama", "ngram", "llama"])
    #expect(store.models()[2].path == "\(home)/talker/some-name.gguf")
    #expect(try store.resolve("talker") == "\(home)/talker/some-name.gguf")
    #expect(try store.resolve("\(home)/talker") == "\(home)/talker/some-name.gguf")
    #expect(try store.resolve("bare") == "\(home)/bare.gguf")
    #expect(try store.resolve("bare.gguf") == "\(home)/bare.gguf")
    #expect(try store.resolve("both") == "\(home)/both")
    for name in ["two", "\(home)/two"] {
      let line = refuses([.badInput]) { _ = try store.resolve(name) }
      #expect(line.contains("2 GGUF files"))
    }
    #expect(try store.defaultModel(kind: "text") { $0.name == "talker" }.place == .home)
  }

  @Test func choosesTheDefault() throws {
    #expect(throws: AIGCError.self) { try store.defaultModel(kind: "text") }
    try folder.addModel("home/h")
    #expect(try store.defaultModel(kind: "text").name == "h")
    try folder.addModel("bundled/a")
    try folder.addModel("bundled/b", isDefault: true)
    try folder.addModel("bundled/image", kind: "image", isDefault: true)
    #expect(try store.defaultModel(kind: "text").name == "b")
    #expect(try store.defaultModel(kind: "image").name == "image")
    try folder.addModel("runs/old", age: 100)
    try folder.addModel("runs/new", age: 50)
    try folder.addModel("runs/foreign", family: "other", age: 1)
    try folder.addModel("runs/image", kind: "image", age: 0)
    let found = try store.defaultModel(kind: "text") { $0.configuration.family == "ngram" }
    #expect(found.name == "new")
    #expect(found.place == .runs)
  }

  @Test func standardFolders() throws {
    try makeFolder("\(folder.path)/usr/share/aigc/Models")
    let installed = ModelStore.standard(
      environment: ["XDG_DATA_HOME": "/data", "HOME": "/h"],
      executable: "\(folder.path)/usr/bin/aigc")
    #expect(
      installed.folders.map { $0.path } == [
        "runs", "/data/aigc", "\(folder.path)/usr/share/aigc/Models",
      ])
    try folder.write("package/Package.swift", "")
    try makeFolder("\(folder.path)/package/Models")
    let built = ModelStore.standard(
      environment: ["AIGC_HOME": "/mine"],
      executable: "\(folder.path)/package/.build/x86_64/release/aigc")
    #expect(
      built.folders.map { $0.path } == ["runs", "/mine", "\(folder.path)/package/Models"])
    let bare = ModelStore.standard(environment: ["HOME": "/h"], executable: nil)
    #expect(bare.folders.map { $0.path } == ["runs", "/h/.local/share/aigc"])
  }
}

@Suite struct ModelConfigurationTests {
  @Test func refusesWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    let texts = [
      "", "{", "[]", #"{"family":"x"}"#, #"{"family":1,"format_version":1,"kind":"text"}"#,
      #"{"family":"x","format_version":1e99,"kind":"text"}"#,
      String(repeating: "[", count: 100_000),
      #"{"family":\#(String(repeating: "[", count: 50_000))"#, "\u{0}",
    ]
    for (index, text) in texts.enumerated() {
      try folder.write("\(index)/config.json", text)
      let message = refuses([.badInput], "\(text.prefix(40))") {
        _ = try ModelConfiguration.read(folder: "\(folder.path)/\(index)")
      }
      #expect(message.contains("/\(index)/config.json"))
    }
    try folder.write("big/config.json", String(repeating: " ", count: (16 << 20) + 1))
    #expect(throws: AIGCError.self) {
      try ModelConfiguration.read(folder: "\(folder.path)/big")
    }
  }

  @Test func familiesReadTheirOwnKeys() throws {
    struct Own: Decodable { var order: Int }
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json",
      #"{"family":"ngram","format_version":2,"kind":"text","order":5,"description":"d"}"#)
    let head = try ModelConfiguration.read(folder: folder.path)
    #expect(head.family == "ngram" && head.formatVersion == 2 && head.description == "d")
    #expect(head.isDefault == nil)
    #expect(try ModelConfiguration.decode(Own.self, folder: folder.path).order == 5)
  }
}
