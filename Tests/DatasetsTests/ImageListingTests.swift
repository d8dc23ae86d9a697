import Archives
import Files
import Glibc
import TestSupport
import Testing

@testable import Datasets

/// Which files are images of a set, and what is said of the others.
@Suite struct ImageListingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func png(_ value: UInt8) throws -> [UInt8] {
    try Image(width: 2, height: 2, color: [value, 0, 9]).png()
  }

  /// Writes a file whose name is any bytes, and the folders that it needs.
  private func write(_ bytes: [UInt8], _ name: [UInt8]) throws {
    var path = RawPath(folder.path)
    let parts = name.split(separator: UInt8(ascii: "/")).map { Array($0) }
    for part in parts.dropLast() {
      path = path.appending(part)
      _ = path.withCString { mkdir($0, 0o755) }
    }
    let file = path.appending(parts[parts.count - 1]).withCString { fopen($0, "w") }
    guard let file else {
      Issue.record("a file cannot be written")
      return
    }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    fclose(file)
  }

  /// The first byte of each image.
  private func colors(_ set: ImageSet) throws -> [Int] {
    let values = try set.values(Array(0..<set.count))
    let count = set.size.width * set.size.height * set.channels
    return (0..<set.count).map { Int(((values[$0 * count] + 1) * 127.5).rounded()) }
  }

  @Test func namesNeedNotBeUTF8() throws {
    let names = ["caf\u{E9}/1.png", "caf\u{E8}/1.png", "cats/\u{FF}\u{FE}.png", "cats/\\xFF.png"]
    for (index, name) in names.enumerated() {
      // Latin-1.
      try write(png(UInt8(index)), name.unicodeScalars.map { UInt8($0.value) })
    }
    try write(png(9), Array("caf\u{E9}/new\nline.png".utf8))
    let set = try ImageSet.open(folder.path)
    #expect(set.count == 5 && set.leftOut.count == 0)
    #expect(set.classes == ["caf\\xE8", "caf\\xE9", "caf\u{E9}", "cats"])
    #expect(set.classCounts == [1, 1, 1, 2])
    #expect(try Set(colors(set)) == [0, 1, 2, 3, 9])
    let shown = (0..<5).map { String(set.name(of: $0).dropFirst(folder.path.count + 1)) }
    #expect(
      Set(shown) == [
        "caf\\xE8/1.png", "caf\\xE9/1.png", "cats/\\xFF\\xFE.png", "cats/\\\\xFF.png",
        "caf\u{E9}/new\\x0Aline.png",
      ])
  }

  @Test func bytesTellImagesWithoutAnEnding() throws {
    let jpeg = try Image(width: 2, height: 2, color: [50, 60, 70]).jpeg()
    let ppm = Array("P6\n2 2\n255\n".utf8) + [UInt8](repeating: 3, count: 12)
    for (name, bytes) in [
      ("a.jfif", jpeg), ("b.JPE", jpeg), ("c", try png(1)), ("d.jpg_large", jpeg), ("e.0001", ppm),
      ("f.png~", try png(2)),
    ] { try folder.write(name, bytes) }
    for (name, text) in [
      ("notes", "P5 is the first"), ("more", "BM is short for a brand of bitmaps"), ("x.txt", ""),
      ("y", "RIFF"), ("z", "P6"),
    ] { try folder.write(name, Array(text.utf8)) }
    let set = try ImageSet.open(folder.path)
    #expect(set.count == 6 && set.leftOut.count == 0)
    // What is known and cannot be read is no text.
    try folder.write("g", bytes(fixture("images/bad/image.gif")))
    let error = refusal { _ = try ImageSet.open(folder.path) }?.line
    #expect(
      error?.hasPrefix("3 \(folder.path)/g: GIF images are not read") == true, "\(error ?? "")")
  }

  @Test func whatIsLeftOutIsNamed() throws {
    for name in ["train/cats/1.png", "train/cats/2.png", "train/dogs/1.png", "test/cats/1.png"] {
      try folder.write(name, png(1))
    }
    try folder.write("train/dogs/.hidden.png", png(1))
    try folder.write("train/dogs/._1.png", [0, 5, 0x16, 7])
    try folder.write(".thumbnails/1.png", png(1))
    try makeFolder("\(folder.path)/train/owls")
    mkfifo("\(folder.path)/train/dogs/pipe.png", 0o600)
    symlink("nowhere", "\(folder.path)/train/ants")
    symlink("round.png", "\(folder.path)/train/dogs/round.png")
    let set = try ImageSet.open(folder.path)
    #expect(set.classes == ["cats", "dogs"] && set.classCounts == [2, 1])
    #expect(
      Set(set.leftOut.lines) == [
        "test: the part 'train' is taken (1 image)",
        "train/owls: a folder without images is no class",
        "\(folder.path)/.thumbnails/1.png: hidden: a name that starts with a dot",
        "\(folder.path)/train/dogs/.hidden.png: hidden: a name that starts with a dot",
        "\(folder.path)/train/ants: a link to what is not there",
        "\(folder.path)/train/dogs/pipe.png: not a regular file",
        "\(folder.path)/train/dogs/round.png: Too many levels of symbolic links",
      ])
    #expect(
      set.summary == "\(folder.path): 3 images of 2 classes: cats 2, dogs 1; 6 left out")
    // One class alone is a folder of images.
    try folder.write("one/cats/1.png", png(1))
    try makeFolder("\(folder.path)/one/dogs")
    let one = try ImageSet.open("\(folder.path)/one")
    #expect(one.leftOut.lines == ["dogs: a folder without images is no class"])
    #expect(one.summary == "\(folder.path)/one: 1 image without classes")
  }

  @Test func pipesAreNotWaitedFor() {
    mkfifo("\(folder.path)/pipe.png", 0o600)
    #expect(
      refusal { _ = try ImageSet.open("\(folder.path)/pipe.png") }?.line
        == "3 \(folder.path)/pipe.png: not a regular file")
  }

  @Test func circlesOfLinksEnd() throws {
    try folder.write("a/1.png", png(1))
    for name in ["x", "y", "z"] { symlink(".", "\(folder.path)/\(name)") }
    symlink("..", "\(folder.path)/a/up")
    let set = try ImageSet.open(folder.path)
    #expect(set.count == 1 && set.leftOut.count == 0)
  }

  @Test func entriesOfTarFilesAreReadOrNamed() throws {
    let path = fixture("images/archives/links.tar")
    let set = try ImageSet.open(path)
    #expect(set.classes == ["a", "b", "caf\\xE8", "caf\\xE9"])
    let colors = try Dictionary(
      uniqueKeysWithValues: zip(
        (0..<set.count).map { String(set.name(of: $0).dropFirst(path.count + 1)) }, colors(set)))
    #expect(
      colors == [
        "a/1.png": 10, "a/hard.png": 10, "a/again.png": 10, "a/last.png": 40, "a/plain": 90,
        "a/\(String(repeating: "n", count: 120)).png": 30, "a/latin-\\xE9.png": 60, "b/2.png": 20,
        "b/long.png": 30, "b/soft.png": 40, "caf\\xE8/1.png": 80, "caf\\xE9/1.png": 70,
      ])
    let lines = set.leftOut.lines.map { $0.hasPrefix(path) ? String($0.dropFirst(path.count)) : $0 }
    let nothing = "a link to what is not in the archive"
    let sparse = "a sparse file of a tar file; pack it with plain 'tar -cf'"
    #expect(
      lines == [
        "c: a folder without images is no class", "/b/nothing.png: \(nothing)",
        "/b/none: \(nothing)", "/b/x.png: \(nothing)", "/b/y.png: \(nothing)",
        "/b/lost.png: \(nothing)", "/b/device.png: not a regular file",
        "/b/future.png: an entry of the kind 'Z', which is not read",
        "/a/sparse.png: \(sparse)", "/a/holes.png: \(sparse)",
      ])
    #expect(set.leftOut.count == 9)
  }

  @Test func namesInZipFilesAreRead() throws {
    let windows = try ImageSet.open(fixture("images/archives/windows.zip"))
    #expect(windows.classes == ["a", "b"] && windows.labels == [0, 0, 1, 1])
    #expect(try colors(windows) == [0, 10, 20, 0])
    #expect(windows.leftOut.lines == ["c: a folder without images is no class"])
    let latin = try ImageSet.open(fixture("images/archives/latin.zip"))
    #expect(latin.classes == ["a", "caf\\xE9", "\u{E9}"] && latin.count == 3)
  }

  /// Links to links, each to the one before: time grows with the file only.
  @Test func manyLinksAreFollowedOnce() throws {
    var entries = [ArchiveEntry(name: Array("0.png".utf8), content: .unreadable("no"))]
    for index in 1..<20000 {
      entries.append(
        ArchiveEntry(
          name: Array("\(index).png".utf8), content: .symbolicLink(Array("\(index - 1).png".utf8))))
    }
    let links = ArchiveLinks(entries.reversed())
    guard case .entry(19999) = links[0] else {
      Issue.record("the chain ends elsewhere")
      return
    }
  }
}
