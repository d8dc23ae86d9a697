import Files
import Glibc
import Kernels
import TestSupport
import Testing

@testable import Datasets

@Suite struct ImageFilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An image of 2 x 2 pixels of one colour.
  private func png(_ value: UInt8) throws -> [UInt8] {
    try Image(width: 2, height: 2, color: [value, 0, 9]).png()
  }

  /// The first byte of each image.
  private func colors(_ set: ImageSet) throws -> [Int] {
    let values = try set.values(Array(0..<set.count))
    let count = set.size.width * set.size.height * set.channels
    return (0..<set.count).map { Int(((values[$0 * count] + 1) * 127.5).rounded()) }
  }

  @Test func foldersAreClasses() throws {
    for (index, name) in ["b/1.png", "a/x/1.PNG", "a/0.png", "c/1.jpg"].enumerated() {
      try folder.write(name, png(UInt8(index)))
    }
    try folder.write("a/notes.txt", Array("text".utf8))
    try folder.write(".git/1.png", [])
    symlink("..", "\(folder.path)/a/loop")
    mkfifo("\(folder.path)/a/pipe.png", 0o600)
    let set = try ImageSet.open(folder.path)
    #expect(set.classes == ["a", "b", "c"] && set.labels == [0, 0, 1, 2])
    #expect(try colors(set) == [2, 1, 0, 3])
    #expect(set.size == ImageSize(width: 2, height: 2) && set.channels == 3)
    // An image beside the folders: they are no classes.
    try folder.write("4.png", png(4))
    let mixed = try ImageSet.open(folder.path)
    #expect(mixed.classes.isEmpty && mixed.labels == nil)
    #expect(try colors(mixed) == [4, 2, 1, 0, 3])
    #expect(try colors(ImageSet.open("\(folder.path)/b")) == [0])
    #expect(try colors(ImageSet.open("\(folder.path)/4.png")) == [4])
    var options = ImageOptions()
    options.limit = 3
    #expect(try colors(ImageSet.open(folder.path, options)) == [4, 2, 0])
  }

  @Test func trainingPartsAreChosen() throws {
    for (index, name) in ["train", "test", "val"].enumerated() {
      try folder.write("set/\(name)/cats/1.png", png(UInt8(index)))
      try folder.write("set/\(name)/dogs/1.png", png(UInt8(index + 10)))
    }
    let set = try ImageSet.open(folder.path)
    #expect(try set.classes == ["cats", "dogs"] && colors(set) == [0, 10])
    #expect(try colors(ImageSet.open("\(folder.path)/set/test")) == [1, 11])
    try folder.write("set/more/1.png", png(7))
    #expect(try ImageSet.open(folder.path).classes == ["more", "test", "train", "val"])
  }

  @Test(arguments: ["ustar.tar", "gnu.tar", "pax.tar", "stored.zip", "deflated.zip"])
  func archivesAreRead(_ name: String) throws {
    let path = fixture("images/archives/\(name)")
    let set = try ImageSet.open(path)
    // In the archive b comes before a, and 2 before 1; 3.png lies under a long name. Tar files have a link to
    // 1.png too.
    let link = name.hasSuffix("tar") ? [30] : []
    #expect(try colors(set) == [30, 20, 80] + link + [10, 0])
    #expect(set.classes == ["a", "b"] && set.labels == [0, 0, 0] + link.map { _ in 0 } + [1, 1])
    #expect(set.leftOut.lines == ["test: the part 'train' is taken (4 images)"])
    #expect(try colors(ImageSet.open("\(path)/test")) == [70, 60, 50, 40])
    #expect(try colors(ImageSet.open("\(path)/top/test/b/")) == [50, 40])
    let error = refusal { _ = try ImageSet.open("\(path)/nothing") }?.line
    #expect(
      error == "3 \(path)/nothing: no PNG or JPEG images in the folder of the archive")
    // Every cut is an error or a smaller set, never more.
    let whole = try bytes(path)
    for size in stride(from: 0, to: whole.count, by: 101) {
      let cut = try folder.write("cut", Array(whole[..<size]))
      guard let error = refusal({ _ = try ImageSet.open(cut) })?.line else {
        #expect(name.hasSuffix("tar"))
        continue
      }
      #expect(error.hasPrefix("3 \(cut)") && !error.contains("\n"), "\(error)")
    }
  }

  @Test func badImagesAreSkippedOrFatal() throws {
    for index in 0..<4 { try folder.write("\(index).png", png(UInt8(index))) }
    let bad = folderContents(fixture("images/bad"))
    for name in bad { try folder.write("1-\(name)", bytes(fixture("images/bad/\(name)"))) }
    var options = ImageOptions(size: ImageSize(width: 2, height: 2))
    let fatal = refusal { _ = try ImageSet.open(folder.path, options) }?.line
    #expect(
      fatal?.hasPrefix("3 \(folder.path)/1-checksum.png: damaged or truncated PNG image: ")
        == true)
    #expect(fatal?.hasSuffix("; pass `images.badImages` skip to leave it out") == true)
    options.badImages = .skip
    let set = try ImageSet.open(folder.path, options)
    #expect(try colors(set) == [0, 1, 2, 3])
    #expect(set.leftOut.count == bad.count && set.leftOut.lines.count == 11)
    #expect(set.leftOut.lines.last == "\(bad.count - 10) more images")
    for (name, line) in zip(bad.prefix(10), set.leftOut.lines) {
      #expect(line.hasPrefix("\(folder.path)/1-\(name): ") && !line.contains("\n"))
    }
    let only = refusal { _ = try ImageSet.open(fixture("images/bad"), options) }?.line
    #expect(
      only?.hasPrefix(
        "3 \(fixture("images/bad")): none of the \(bad.count) images can be read: ") == true)
  }

  @Test func setsWithoutImagesAreRefused() throws {
    try folder.write("empty/notes.txt", [])
    let path = "\(folder.path)/empty"
    #expect(
      refusal { _ = try ImageSet.open(path) }?.line
        == "3 \(path): no PNG or JPEG images in the folder")
    #expect(
      refusal { _ = try ImageSet.open("\(path)/no") }?.line.hasPrefix("3 \(path)/no: ") == true)
    let text = "\(path)/notes.txt"
    #expect(
      refusal { _ = try ImageSet.open(text) }?.line
        == "3 \(text): neither IDX, tar or zip file nor a PNG or JPEG image")
    let labels = refusal { _ = try ImageSet.open(folder.path, labels: "x") }?.line
    #expect(labels?.hasPrefix("2 ") == true)
    for (channels, limit) in [(2, 1), (0, 1), (3, 0), (3, -1)] {
      var options = ImageOptions(size: nil, channels: channels)
      options.limit = limit
      #expect(refusal { _ = try ImageSet.open(path, options) }?.line.hasPrefix("2 ") == true)
    }
  }

  @Test func sizesAndChannelsFollowTheImages() throws {
    try folder.write("a.png", Image(width: 4, height: 2, color: [5]).png())
    #expect(try ImageSet.open(folder.path).channels == 1)
    try folder.write("b.png", Image(width: 4, height: 2, color: [5, 6, 7, 0]).png())
    let set = try ImageSet.open(folder.path)
    #expect(set.channels == 3 && set.size == ImageSize(width: 4, height: 2))
    #expect(try colors(set) == [5, 255])
    #expect(try ImageSet.open(folder.path, ImageOptions(size: nil, channels: 4)).channels == 4)
    try folder.write("c.png", Image(width: 2, height: 2, color: [5]).png())
    let error = refusal { _ = try ImageSet.open(folder.path) }?.line
    #expect(
      error
        == "3 \(folder.path): images of different sizes: \(folder.path)/a.png has 4x2 pixels, "
        + "\(folder.path)/c.png 2x2: pass `images.size`")
    let small = try ImageSet.open(
      folder.path, ImageOptions(size: ImageSize(width: 2, height: 1)))
    #expect(small.count == 3 && small.size == ImageSize(width: 2, height: 1))
  }

  /// Images that are not kept in memory: the same values, decoded ahead on another thread.
  @Test func decodingAheadGivesTheSame() throws {
    for index in 0..<23 { try folder.write("\(100 + index).png", png(UInt8(index * 11))) }
    let files = ImageListing(try ImageFiles.folder(folder.path)).files
    let form = ImageForm(size: ImageSize(width: 2, height: 2), channels: 3, fit: .crop)
    func set(_ memoryLimit: Int) throws -> ImageSet {
      let (store, errors) = try ImageStore.filled(
        form, files: files.count, memoryLimit: memoryLimit
      ) { (index) throws(AIGCError) in
        try form.apply(Image.decode(files[index].read(), name: files[index].name))
      }
      #expect(errors.allSatisfy { $0 == nil })
      return ImageSet(path: folder.path, store: store, labels: nil, classes: [])
    }
    let (kept, partly) = (try set(1 << 20), try set(form.count * 5))
    #expect(kept.isInMemory && !partly.isInMemory)
    #expect(try kept.values(Array(0..<23)) == partly.values(Array(0..<23)))
    let first = ImageLoader(kept, batch: 4, random: RandomSource(seed: 1), isMirrored: true)
    let second = ImageLoader(partly, batch: 4, random: RandomSource(seed: 1), isMirrored: true)
    for _ in 0..<20 {
      #expect(first.place == second.place)
      let (one, two) = (try first.next(), try second.next())
      #expect(one.values == two.values && one.count == 4 && one.labels.isEmpty)
    }
    let third = ImageLoader(partly, batch: 4, at: first.place, isMirrored: true)
    #expect(try third.next().values == first.next().values)
    // What is gone since is an error, not a trap.
    removeTree(folder.path)
    #expect(throws: AIGCError.self) { for _ in 0..<8 { _ = try second.next() } }
  }
}
