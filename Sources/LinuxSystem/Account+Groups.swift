internal import Glibc

extension Account {
    /// The numbers of the primary and the supplementary groups; getgrouplist(3).
    ///
    /// Not for programs that have entered a namespace.
    public func groups() -> [UInt32] {
        var capacity: CInt = 64
        while true {
            var groups = [gid_t](repeating: gid, count: Int(capacity))
            var count = capacity
            if unsafe getgrouplist(name, gid, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            // glibc says how many there are; doubling is for libraries that do not.
            capacity = max(count, capacity * 2)
        }
    }

    /// The names of these groups; one without a name is left out.
    ///
    /// Not for programs that have entered a namespace.
    public func groupNames() -> Set<String> { Set(groups().compactMap(groupName)) }
}

/// The name of the group of that number; nil where there is none; getgrgid_r(3).
private func groupName(_ number: UInt32) -> String? {
    var size = 1024
    while size <= 1 << 20 {
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: size)
        // Sound: entry and buffer outlive the call, and the name is copied before they go.
        let (status, name) = unsafe buffer.withUnsafeMutableBufferPointer { room -> (Int32, String?) in
            let status = unsafe getgrgid_r(number, &entry, room.baseAddress, room.count, &found)
            return unsafe (status, found.map { unsafe String(cString: $0.pointee.gr_name) })
        }
        if status != ERANGE { return name }
        size *= 4
    }
    return nil
}
