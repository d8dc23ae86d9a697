// What the API of this target speaks of: a program that imports Weights needs no other import for it.
@_exported import Checkpoints
@_exported import NN
