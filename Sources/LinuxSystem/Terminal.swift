internal import CLinux

/// What a terminal tells of itself.
public enum Terminal {
    /// How many columns the terminal behind a descriptor has: 0 where it does not know, nil where it is no terminal.
    public static func columns(of descriptor: Int32) -> Int? {
        let columns = vipns_terminal_columns(descriptor)
        return columns < 0 ? nil : Int(columns)
    }
}
