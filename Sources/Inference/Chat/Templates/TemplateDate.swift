import Glibc

/// A time of a calendar, as `strftime_now` tells it.
public struct TemplateDate: Sendable, Equatable {
  /// The year, as 2026.
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int
  /// 0 to 23.
  public var hour: Int
  /// 0 to 59.
  public var minute: Int
  /// 0 to 60.
  public var second: Int

  /// Creates a time from its parts.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// The present time where the process runs.
  public static var now: TemplateDate {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return TemplateDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  private var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// The day of the year, from 1.
  private var dayOfYear: Int {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    let index = min(max(month, 1), 12) - 1
    return before[index] + day + (index > 1 && isLeapYear ? 1 : 0)
  }

  /// 0 is Sunday.
  private var weekday: Int {
    let years = year - 1
    let days = years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear
    return (days % 7 + 7) % 7
  }

  /// The time as C's `strftime` writes it in the locale C.
  func text(_ format: [Unicode.Scalar]) -> String {
    var result = String.UnicodeScalarView()
    var place = 0
    while place < format.count {
      let scalar = format[place]
      place += 1
      guard scalar == "%", place < format.count else {
        result.append(scalar)
        continue
      }
      let start = place
      var flag: Unicode.Scalar?
      if "-_0^#".unicodeScalars.contains(format[place]), place + 1 < format.count {
        flag = format[place]
        place += 1
      }
      if let text = part(format[place], flag) {
        place += 1
        result.append(contentsOf: (flag == "^" ? text.uppercased() : text).unicodeScalars)
      } else {
        result.append("%")
        place = start
      }
    }
    return String(result)
  }

  /// What stands for a letter; nil: it is none.
  private func part(_ letter: Unicode.Scalar, _ flag: Unicode.Scalar?) -> String? {
    func number(_ value: Int, _ width: Int, _ fill: String = "0") -> String {
      let digits = String(value)
      if flag == "-" { return digits }
      let own = flag == "_" ? " " : flag == "0" ? "0" : fill
      return String(repeating: own, count: max(0, width - digits.count)) + digits
    }
    let index = min(max(month, 1), 12) - 1
    let hour12 = hour % 12 == 0 ? 12 : hour % 12
    switch letter {
    case "Y": return String(year)
    case "C": return number(year / 100, 2)
    case "y": return number(year % 100, 2)
    case "m": return number(month, 2)
    case "d": return number(day, 2)
    case "e": return number(day, 2, " ")
    case "j": return number(dayOfYear, 3)
    case "H": return number(hour, 2)
    case "k": return number(hour, 2, " ")
    case "I": return number(hour12, 2)
    case "l": return number(hour12, 2, " ")
    case "M": return number(minute, 2)
    case "S": return number(second, 2)
    case "f": return "000000"
    case "p": return hour < 12 ? "AM" : "PM"
    case "P": return hour < 12 ? "am" : "pm"
    case "A": return Self.days[weekday]
    case "a": return String(Self.days[weekday].prefix(3))
    case "B": return Self.months[index]
    case "b", "h": return String(Self.months[index].prefix(3))
    case "w": return String(weekday)
    case "u": return String(weekday == 0 ? 7 : weekday)
    case "U": return number((dayOfYear + 6 - weekday) / 7, 2)
    case "W": return number((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
    case "n": return "\n"
    case "t": return "\t"
    case "%": return "%"
    default: return combination(letter)
    }
  }

  private func combination(_ letter: Unicode.Scalar) -> String? {
    let format: String
    switch letter {
    case "F": format = "%Y-%m-%d"
    case "T", "X": format = "%H:%M:%S"
    case "R": format = "%H:%M"
    case "D", "x": format = "%m/%d/%y"
    case "c": format = "%a %b %e %H:%M:%S %Y"
    case "r": format = "%I:%M:%S %p"
    case "z", "Z": format = ""
    default: return nil
    }
    return text(Array(format.unicodeScalars))
  }
}
