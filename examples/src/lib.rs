//! Nothing here: the examples are the files beside this folder.
