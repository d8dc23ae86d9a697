import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// Stems beside those of NLTK, from `Scripts/fixtures/rouge.py`.
@Suite struct PorterStemmerTests {
  @Test func equalsNLTK() throws {
    let rows = try JSONDecoder().decode([[String]].self, from: Data(bytes(fixture("stems.json"))))
    #expect(rows.count > 2000)
    let (nltk, martin) = (PorterStemmer(), PorterStemmer(.martin))
    for row in rows {
      #expect(String(decoding: nltk.stem(Array(row[0].utf8)), as: UTF8.self) == row[1], "\(row[0])")
      #expect(
        String(decoding: martin.stem(Array(row[0].utf8)), as: UTF8.self) == row[2], "\(row[0])")
    }
  }

  @Test func leavesWhatIsNoWord() {
    #expect(PorterStemmer().stem([]) == [])
    #expect(PorterStemmer().stem([UInt8](repeating: 121, count: 5000)).count == 5000)
  }
}

/// Words of any script.
@Suite struct ScriptWordsTests {
  private func words(_ text: String, _ letters: ScriptWords.Letters) -> [String] {
    var found: [String] = []
    ScriptWords(letters).scan(Array(text.utf8)) { word, _ in
      found.append(String(decoding: word, as: UTF8.self))
    }
    return found
  }

  @Test func keepsAllLetters() {
    #expect(words("Le Résumé, 3.5 км/ч", .all) == ["le", "résumé", "3", "5", "км", "ч"])
    #expect(words("我爱 GPT2。", .all) == ["我", "爱", "gpt2"])
  }

  /// What rouge-score sees in texts of Latin letters, and what it does not in others.
  @Test func cutsAsRougeScore() {
    #expect(
      words("Naïve résumé β-VAE α2 x² \u{212A}im", .rouge) == [
        "na", "ve", "r", "sum", "vae", "2", "x", "kim",
      ])
    #expect(words("你好 Привет мир λόγος 안녕", .rouge) == ["你", "好", "привет", "мир", "λόγος", "안녕"])
    #expect(words("\u{130}x", .rouge) == ["i", "x"])
  }

  @Test func passesOverWhatIsNotUTF8() {
    var found: [[UInt8]] = []
    ScriptWords(.all).scan([0xFF, 97, 0xE4, 0xBD, 98, 0xE4]) { word, _ in found.append(word) }
    #expect(found == [[97], [98]])
  }
}
