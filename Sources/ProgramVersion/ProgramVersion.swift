/// The version of all programs of vipns, which are installed together; the Makefile reads it here as well.
public let programVersion = "0.1.0"
