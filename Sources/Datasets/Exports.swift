// What the API of this target speaks of: a program that imports Datasets needs no other import for it.
@_exported import Files
@_exported import Kernels
