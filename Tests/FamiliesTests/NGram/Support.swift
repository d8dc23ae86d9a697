import Testing
@testable import Families
