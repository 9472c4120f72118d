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
    /// - Throws: what kept the account database from telling.
    public func groupNames() throws(Errno) -> Set<String> {
        var names: Set<String> = []
        for number in groups() { if let name = try groupName(number) { names.insert(name) } }
        return names
    }
}

/// The name of the group of that number; nil where there is none; getgrgid_r(3).
private func groupName(_ number: UInt32) throws(Errno) -> String? {
    unsafe try withGrowingRoom { room, count in
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        // Sound: entry and room outlive the call, and the name is copied before they go.
        let status = unsafe getgrgid_r(number, &entry, room, count, &found)
        return unsafe (status, found.map { unsafe String(cString: $0.pointee.gr_name) })
    }
}
