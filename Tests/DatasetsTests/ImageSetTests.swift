import Archives
import Datasets
import Files
import Kernels
import TestSupport
import Testing

/// Big-endian numbers of an IDX header, and bytes.
func idx(_ numbers: [UInt32], _ bytes: [UInt8]) -> [UInt8] {
  numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    + bytes
}

@Suite struct ImageSetTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Images of 3 x 2 pixels whose bytes count on from the image's number.
  private func sample(_ count: Int) -> [UInt8] {
    idx([2051, UInt32(count), 2, 3], (0..<count * 6).map { UInt8(truncatingIfNeeded: $0 * 7) })
  }

  private func packed(_ bytes: [UInt8], _ name: String) throws -> String {
    let writer = try GzipWriter(path: "\(folder.path)/\(name)")
    try writer.write(bytes)
    try writer.commit(sync: false)
    return "\(folder.path)/\(name)"
  }

  @Test func idxIsRead() throws {
    let path = try folder.write("train-images-idx3-ubyte", sample(5))
    let labels = idx([2049, 5], [3, 0, 2, 2, 1])
    for name in ["train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"] {
      if name.hasSuffix("gz") {
        _ = try packed(labels, name)
      } else {
        try folder.write(name, labels)
      }
      for place in [path, folder.path] {
        let set = try ImageSet.open(place)
        #expect(set.count == 5 && set.channels == 1)
        #expect(set.size == ImageSize(width: 3, height: 2))
        #expect(set.labels == [3, 0, 2, 2, 1] && set.classes == ["0", "1", "2", "3"])
        #expect(
          try set.values([4, 0])
            == ([24, 25, 26, 27, 28, 29] + Array(0...5)).map {
              Float(UInt8(truncatingIfNeeded: $0 * 7)) / 127.5 - 1
            })
      }
      removeTree("\(folder.path)/\(name)")
    }
    #expect(try ImageSet.open(packed(sample(5), "a.gz")).labels == nil)
  }

  @Test func idxIsPaddedWhenLargerIsAskedFor() throws {
    let path = try folder.write("a", idx([2051, 1, 1, 2], [255, 51]))
    let options = ImageOptions(size: ImageSize(width: 4, height: 3), channels: 3)
    let set = try ImageSet.open(path, options)
    let (black, white): ([Float], [Float]) = ([-1, -1, -1], [1, 1, 1])
    let gray = [Float](repeating: 51 / 127.5 - 1, count: 3)
    let row = black + black + black + black
    #expect(try set.values([0]) == row + black + white + gray + black + row)
  }

  @Test func wrongHeadersAreRefused() throws {
    let big: UInt32 = 1 << 31
    let cases: [(String, [UInt8], String)] = [
      ("short", idx([2051, 1, 2], [1]), "no IDX file: it ends inside the header"),
      ("labels", idx([2049, 1], [1]), "no IDX file: it ends inside the header"),
      (
        "labels-as-images", idx([2049, 8], [1, 2, 3, 4, 5, 6, 7, 8]),
        "an IDX file, but not of images: it starts with 2049, not 2051"
      ),
      ("none", idx([2051, 0, 2, 3], []), "no images in the file"),
      ("flat", idx([2051, 1, 0, 3], []), "damaged IDX file: images of 3 x 0 pixels"),
      ("wide", idx([2051, 1, 1, 30000], [1]), "damaged IDX file: images of 30000 x 1 pixels"),
      (
        "cut", idx([2051, 2, 2, 3], [1, 2, 3]),
        "truncated or damaged IDX file: its header announces 28 bytes, it has 19"
      ),
      (
        "long", idx([2051, 1, 1, 1], [1, 2]),
        "truncated or damaged IDX file: its header announces 17 bytes, it has 18"
      ),
      ("huge", idx([2051, big, 4096, 4096], [1]), "truncated or damaged IDX file: its header"),
    ]
    for (name, bytes, reason) in cases {
      for path in [try folder.write(name, bytes), try packed(bytes, "\(name).gz")] {
        let error = refusal { _ = try ImageSet.open(path) }?.line ?? "none"
        let isPacked = path.hasSuffix(".gz")
        let other =
          name == "cut"
          ? "truncated: 2 images" : name == "long" ? "damaged IDX file: it goes" : reason
        #expect(error.hasPrefix("3 \(path): \(isPacked ? other : reason)"), "\(name): \(error)")
      }
    }
    // Labels that do not belong to the images.
    let path = try folder.write("t10k-images-idx3-ubyte", sample(3))
    let labels = try folder.write("t10k-labels-idx1-ubyte", idx([2049, 2], [1, 2]))
    for limit in [nil, 1] {
      var options = ImageOptions()
      options.limit = limit
      #expect(
        refusal { _ = try ImageSet.open(path, options) }?.line
          == "3 \(labels): 2 labels, but \(path) has 3 images")
    }
    let other = refusal { _ = try ImageSet.open(path, labels: path) }?.line
    #expect(other == "3 \(path): an IDX file, but not of labels: it starts with 2051, not 2049")
  }

  @Test func mnistIsRead() throws {
    guard let data = testData() else { return }
    let set = try ImageSet.open("\(data)/mnist")
    #expect(set.count == 60000 && set.size == ImageSize(width: 28, height: 28))
    #expect(set.labels?.prefix(10) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4] && set.classes.count == 10)
    var options = ImageOptions(size: ImageSize(width: 64, height: 64))
    #expect(try ImageSet.open("\(data)/images/emoji-noto-64.tar").count == 1476)
    #expect(try ImageSet.open("\(data)/images/emoji-noto-64.tar/test", options).count == 198)
    options.limit = 50
    let some = try ImageSet.open("\(data)/mnist/t10k-images-idx3-ubyte.gz", options)
    #expect(some.count == 50 && some.labels?.prefix(5) == [7, 2, 1, 0, 4])
  }

  @Test func loadersGoOnWhereTheyStood() throws {
    let set = try ImageSet.open(folder.write("a", sample(11)))
    let whole = ImageLoader(set, batch: 3, random: RandomSource(seed: 4), isMirrored: true)
    var batches: [[Float]] = []
    var places: [ImageLoader.Place] = []
    for _ in 0..<10 {
      places.append(whole.place)
      batches.append(try whole.next().values)
    }
    #expect(places.map { $0.epoch } == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
    #expect(places.map { $0.offset } == [0, 3, 6, 0, 3, 6, 0, 3, 6, 0])
    #expect(batches[0] != batches[3] && batches[3] != batches[6])
    for start in 0..<10 {
      let loader = ImageLoader(set, batch: 3, at: places[start], isMirrored: true)
      for index in start..<10 {
        #expect(loader.place == places[index])
        #expect(try loader.next().values == batches[index])
      }
    }
  }

  @Test func smallSetsAreOneBatch() throws {
    let set = try ImageSet.open(folder.write("a", sample(4)))
    let random = RandomSource(seed: 1)
    let loader = ImageLoader(set, batch: 9, random: random)
    #expect(loader.batch == 4 && loader.batchesPerEpoch == 1)
    #expect(try Set(loader.next().values) == Set(set.values([0, 1, 2, 3])))
  }
}
