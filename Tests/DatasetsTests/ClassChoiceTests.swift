import Files
import TestSupport
import Testing

@testable import Datasets

/// Sets of images of some classes only.
@Suite struct ClassChoiceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Images of one pixel whose byte is their number.
  private func numbered(_ labels: [UInt8]) throws -> String {
    let count = UInt32(labels.count)
    try folder.write("train-labels-idx1-ubyte", idx([2049, count], labels))
    return try folder.write(
      "train-images-idx3-ubyte", idx([2051, count, 1, 1], labels.indices.map { UInt8($0) }))
  }

  private func bytes(_ set: ImageSet) throws -> [Int] {
    try set.values(Array(0..<set.count)).map { Int((($0 + 1) * 127.5).rounded()) }
  }

  private func options(_ choice: ClassChoice, limit: Int? = nil) -> ImageOptions {
    var result = ImageOptions()
    result.classes = choice
    result.limit = limit
    return result
  }

  @Test func classesOfIDX() throws {
    let path = try numbered([3, 0, 2, 2, 1, 3])
    let without = try ImageSet.open(path, options(.without(["2"])))
    #expect(without.classes == ["0", "1", "3"] && without.labels == [2, 0, 1, 2])
    #expect(try bytes(without) == [0, 1, 4, 5])
    let only = try ImageSet.open(path, options(.only(["3", "2"])))
    #expect(only.classes == ["2", "3"] && only.labels == [1, 0, 0, 1])
    #expect(try bytes(only) == [0, 2, 3, 5])
    // The limit is one of those that are left.
    #expect(try bytes(ImageSet.open(path, options(.only(["3"]), limit: 2))) == [0, 5])
    // Places of a part are those of the part.
    #expect(try bytes(only.subset([3, 1])) == [5, 2])
  }

  @Test func classesOfFolders() throws {
    for (index, name) in ["cats/1.png", "cats/2.png", "dogs/1.png", "7/1.png"].enumerated() {
      try folder.write(name, Image(width: 1, height: 1, color: [UInt8(index)]).png())
    }
    // A name goes before a number: class 0 is "7", class 1 "cats".
    let only = try ImageSet.open(folder.path, options(.only(["7", "1"])))
    #expect(only.classes == ["7", "cats"] && only.labels == [0, 1, 1])
    #expect(try bytes(only) == [3, 0, 1])
    // What is left out is not even read.
    try folder.write("dogs/2.png", [1, 2])
    #expect(try bytes(ImageSet.open(folder.path, options(.without(["dogs"])))) == [3, 0, 1])
  }

  @Test func impossibleChoicesAreNamed() throws {
    let path = try numbered([1, 0, 2, 4])
    let cases: [(ClassChoice, String)] = [
      (.only(["9"]), "2 \(path): no class '9'; there are 0, 1, 2, 3, 4"),
      (.without(["-1"]), "2 \(path): no class '-1'; there are 0, 1, 2, 3, 4"),
      (.without(["0", "1", "2", "3", "4"]), "2 \(path): no class is left"),
      (.only(["3"]), "3 \(path): no images of the chosen classes"),
    ]
    for (choice, expected) in cases {
      #expect(refusal { _ = try ImageSet.open(path, options(choice)) }?.line == expected)
    }
    let plain = try folder.write("plain", idx([2051, 1, 1, 1], [1]))
    let error = refusal { _ = try ImageSet.open(plain, options(.without(["1"]))) }?.line
    #expect(error?.hasPrefix("2 \(plain): images without classes") == true)
  }
}
