// What the API of this target speaks of: a program that imports Autograd needs no other import for it.
@_exported import Files
@_exported import Kernels
