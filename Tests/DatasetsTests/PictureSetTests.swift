import Datasets
import Files
import Kernels
import Testing

/// Big-endian numbers of an IDX header, and bytes.
func idx(_ numbers: [UInt32], _ bytes: [UInt8]) -> [UInt8] {
  numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    + bytes
}

@Suite struct PictureSetTests {
  private let folder: PictureFolder

  init() throws { folder = try PictureFolder() }

  /// Pictures of 3 x 2 pixels whose bytes count on from the picture's number.
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
    let path = try folder.write(sample(5), "train-images-idx3-ubyte")
    let labels = idx([2049, 5], [3, 0, 2, 2, 1])
    for name in ["train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"] {
      if name.hasSuffix("gz") {
        _ = try packed(labels, name)
      } else {
        try folder.write(labels, name)
      }
      for place in [path, folder.path] {
        let set = try PictureSet.open(place)
        #expect(set.count == 5 && set.channels == 1)
        #expect(set.size == PictureSize(width: 3, height: 2))
        #expect(set.labels == [3, 0, 2, 2, 1] && set.classes == ["0", "1", "2", "3"])
        #expect(
          try set.values([4, 0])
            == ([24, 25, 26, 27, 28, 29] + Array(0...5)).map {
              Float(UInt8(truncatingIfNeeded: $0 * 7)) / 127.5 - 1
            })
      }
      removeTree("\(folder.path)/\(name)")
    }
    #expect(try PictureSet.open(packed(sample(5), "a.gz")).labels == nil)
  }

  @Test func idxIsPaddedWhenLargerIsAskedFor() throws {
    let path = try folder.write(idx([2051, 1, 1, 2], [255, 51]), "a")
    let options = PictureOptions(size: PictureSize(width: 4, height: 3), channels: 3)
    let set = try PictureSet.open(path, options)
    let (black, white): ([Float], [Float]) = ([-1, -1, -1], [1, 1, 1])
    let gray = [Float](repeating: 51 / 127.5 - 1, count: 3)
    let row = black + black + black + black
    #expect(try set.values([0]) == row + black + white + gray + black + row)
  }

  @Test func loadersGoOnWhereTheyStood() throws {
    let set = try PictureSet.open(folder.write(sample(11), "a"))
    let whole = PictureLoader(set, batch: 3, random: RandomSource(seed: 4), isMirrored: true)
    var batches: [[Float]] = []
    var places: [PictureLoader.Place] = []
    for _ in 0..<10 {
      places.append(whole.place)
      batches.append(try whole.next().values)
    }
    #expect(places.map { $0.epoch } == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
    #expect(places.map { $0.offset } == [0, 3, 6, 0, 3, 6, 0, 3, 6, 0])
    #expect(batches[0] != batches[3] && batches[3] != batches[6])
    for start in 0..<10 {
      let loader = PictureLoader(set, batch: 3, at: places[start], isMirrored: true)
      for index in start..<10 {
        #expect(loader.place == places[index])
        #expect(try loader.next().values == batches[index])
      }
    }
  }
}
