"""What `aig demo` is made of: a small real corpus, real weights, a real model server, all from registry packages."""
