/// The interface of the session service, `io.vipns`.
public enum InterfaceDescription {
    /// Its name.
    public static let name = "io.vipns"

    /// The text of `io.vipns.varlink`, which is part of the program.
    public static let text = String(decoding: PackageResources.io_vipns_varlink, as: UTF8.self)
}
