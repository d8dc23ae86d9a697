/// Opcodes of pickle protocols 0 to 5 (CPython, Lib/pickle.py).
enum PickleCode {
  static let protocolVersion: UInt8 = 0x80
  static let stop = UInt8(ascii: ".")
  static let frame: UInt8 = 0x95

  // Constants and numbers.
  static let none = UInt8(ascii: "N")
  static let newTrue: UInt8 = 0x88
  static let newFalse: UInt8 = 0x89
  static let binInt = UInt8(ascii: "J")
  static let binInt1 = UInt8(ascii: "K")
  static let binInt2 = UInt8(ascii: "M")
  static let binFloat = UInt8(ascii: "G")
  static let long1: UInt8 = 0x8A
  static let long4: UInt8 = 0x8B
  static let int = UInt8(ascii: "I")
  static let long = UInt8(ascii: "L")
  static let float = UInt8(ascii: "F")

  // Texts and bytes.
  static let shortBinUnicode: UInt8 = 0x8C
  static let binUnicode = UInt8(ascii: "X")
  static let binUnicode8: UInt8 = 0x8D
  static let shortBinString = UInt8(ascii: "U")
  static let binString = UInt8(ascii: "T")
  static let string = UInt8(ascii: "S")
  static let unicode = UInt8(ascii: "V")
  static let shortBinBytes = UInt8(ascii: "C")
  static let binBytes = UInt8(ascii: "B")
  static let binBytes8: UInt8 = 0x8E
  static let byteArray8: UInt8 = 0x96

  // Containers.
  static let mark = UInt8(ascii: "(")
  static let emptyList = UInt8(ascii: "]")
  static let list = UInt8(ascii: "l")
  static let append = UInt8(ascii: "a")
  static let appends = UInt8(ascii: "e")
  static let emptyTuple = UInt8(ascii: ")")
  static let tuple = UInt8(ascii: "t")
  static let tuple1: UInt8 = 0x85
  static let tuple2: UInt8 = 0x86
  static let tuple3: UInt8 = 0x87
  static let emptyDictionary = UInt8(ascii: "}")
  static let dictionary = UInt8(ascii: "d")
  static let setItem = UInt8(ascii: "s")
  static let setItems = UInt8(ascii: "u")
  static let emptySet: UInt8 = 0x8F
  static let addItems: UInt8 = 0x90
  static let frozenSet: UInt8 = 0x91

  // Stack and memo.
  static let pop = UInt8(ascii: "0")
  static let popMark = UInt8(ascii: "1")
  static let duplicate = UInt8(ascii: "2")
  static let put = UInt8(ascii: "p")
  static let binPut = UInt8(ascii: "q")
  static let longBinPut = UInt8(ascii: "r")
  static let get = UInt8(ascii: "g")
  static let binGet = UInt8(ascii: "h")
  static let longBinGet = UInt8(ascii: "j")
  static let memoize: UInt8 = 0x94

  // Objects.
  static let global = UInt8(ascii: "c")
  static let stackGlobal: UInt8 = 0x93
  static let reduce = UInt8(ascii: "R")
  static let build = UInt8(ascii: "b")
  static let instance = UInt8(ascii: "i")
  static let object = UInt8(ascii: "o")
  static let newObject: UInt8 = 0x81
  static let newObjectKeywords: UInt8 = 0x92
  static let persistentID = UInt8(ascii: "P")
  static let binPersistentID = UInt8(ascii: "Q")
}
