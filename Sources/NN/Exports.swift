// What the API of this target speaks of: a program that imports NN needs no other import for it.
@_exported import Autograd
