// What the API of this target speaks of: a program that imports Training needs no other import for it.
@_exported import Inference
@_exported import Weights
