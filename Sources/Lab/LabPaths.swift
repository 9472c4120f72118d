/// Where things are inside of a lab; all of it on the lab's own tmpfs over `/run`, gone with the lab.
public enum LabPaths {
    /// The lab's own directory.
    public static let directory = "/run/vipns-lab"
    /// The built programs, reachable for every user; first in PATH.
    public static let programs = "/run/vipns-lab/bin"
    /// What the daemons write; `helper.log` and `service.log`.
    public static let log = "/run/vipns-lab/log"
    /// What logins need: accounts' homes, keys, and the private `/etc` and `/dev`.
    public static let logins = "/run/vipns-lab/logins"
    /// The accounts' homes.
    public static let homes = "/run/vipns-lab/logins/home"
    /// The PAM module, as the stacks name it.
    public static let module = "/run/vipns-lab/bin/pam_vipns.so"
    /// Debian packages that were unpacked for the tests rather than installed, where there are any.
    public static let unpacked = "/run/vipns-lab/unpacked"
    /// What login programs and the PAM module log.
    public static let systemLog = "/run/vipns-lab/log/system.log"
    /// The service's state, which belongs to its user.
    public static let state = "/run/vipns-lab/state"
    /// The configuration file, which belongs to root.
    public static let configuration = "/run/vipns-lab/vipns.yaml"
    /// Where clients reach the service.
    public static let clientSocket = "/run/vipns/io.vipns"
    /// Where the service reaches the helper.
    public static let helperSocket = "/run/vipns/helper"
    /// The sessions' pins.
    public static let pins = "/run/vipns/netns"
    /// Names for `ip netns`.
    public static let names = "/run/netns"
}
