// What the API of this target speaks of: a program that imports Inference needs no other import for it.
@_exported import Datasets
