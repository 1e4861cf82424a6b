Adapting a configuration hashes this file and reads nothing in it.
