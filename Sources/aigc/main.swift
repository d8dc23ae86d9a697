import Families
try temporaryMain()
