/// Names for the steps after a series: dates go on as they went before, anything else is counted.
public struct StepLabels {
  /// A calendar date or month.
  private struct Date: Equatable {
    var year, month: Int
    /// nil: the label names a month only.
    var day: Int?

    /// "1960-12" or "1960-12-01", also with time of midnight behind it.
    init?(_ text: String) {
      let date = text.split(separator: "T")[0...].first?.split(separator: " ").first ?? ""
      let parts = date.split(separator: "-", omittingEmptySubsequences: false)
      guard (2...3).contains(parts.count), parts[0].utf8.count == 4, parts[1].utf8.count == 2,
        let year = Int(parts[0]), let month = Int(parts[1]), year >= 1, (1...12).contains(month)
      else { return nil }
      (self.year, self.month) = (year, month)
      guard parts.count == 3 else { return }
      guard parts[2].utf8.count == 2, let day = Int(parts[2]), (1...31).contains(day) else {
        return nil
      }
      self.day = day
    }

    /// Months since year 0.
    var months: Int { year * 12 + month - 1 }

    /// Days since some day, in the Gregorian calendar (Hinnant, "chrono-compatible date algorithms").
    var days: Int {
      let y = month <= 2 ? year - 1 : year
      let (era, yearOfEra) = (y / 400, y % 400)
      let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + (day ?? 1) - 1
      return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    }

    static func text(months: Int, day: Int?) -> String {
      let (year, month) = (months / 12, months % 12 + 1)
      return digits(year, 4) + "-" + digits(month, 2) + (day.map { "-" + digits($0, 2) } ?? "")
    }

    static func text(days: Int) -> String {
      let (era, dayOfEra) = (days / 146_097, days % 146_097)
      let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
      let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
      let m = (5 * dayOfYear + 2) / 153
      let month = m < 10 ? m + 3 : m - 9
      let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
      return text(months: year * 12 + month - 1, day: dayOfYear - (153 * m + 2) / 5 + 1)
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
  }

  private enum Rule {
    case counted
    case months(first: Int, step: Int, day: Int?)
    case days(first: Int, step: Int)
  }

  private let rule: Rule

  /// - Parameter labels: of the last known steps, two at least for dates.
  public init(after labels: [String]) {
    rule = Self.rule(labels) ?? .counted
  }

  private static func rule(_ labels: [String]) -> Rule? {
    let dates = labels.suffix(3).map { Date($0) }
    guard dates.count >= 2, let last = dates[dates.count - 1], let before = dates[dates.count - 2]
    else { return nil }
    let months = last.months - before.months
    // Month by month: no day, or a day that every month has.
    if months > 0, last.day == before.day, last.day ?? 1 <= 28 {
      return .months(first: last.months, step: months, day: last.day)
    }
    let days = last.days - before.days
    guard last.day != nil, before.day != nil, days > 0 else { return nil }
    return .days(first: last.days, step: days)
  }

  /// The label of step `index` from 0 after the series.
  public subscript(index: Int) -> String {
    // A step is at most some 4 million days, an index a million.
    switch rule {
    case .counted: "\(index + 1)"
    case .months(let first, let step, let day):
      Date.text(months: first + step * (index + 1), day: day)
    case .days(let first, let step): Date.text(days: first + step * (index + 1))
    }
  }
}
