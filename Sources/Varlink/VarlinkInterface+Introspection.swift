extension VarlinkInterface {
    /// The interface that every service has; https://varlink.org/Service.
    static func introspection(of identity: VarlinkServer.Identity, interfaces: [VarlinkInterface]) -> VarlinkInterface {
        let names = ["org.varlink.service"] + interfaces.map(\.name)
        let texts = Dictionary(interfaces.map { ($0.name, $0.description) }) { first, _ in first }
        return VarlinkInterface(
            name: "org.varlink.service", description: introspectionText,
            methods: [
                "GetInfo": .single { _, _ in
                    try VarlinkReply(
                        Information(
                            vendor: identity.vendor, product: identity.product, version: identity.version,
                            url: identity.url, interfaces: names))
                },
                "GetInterfaceDescription": .single { call, _ in
                    let name = try call.parameters(as: InterfaceName.self).interface
                    guard let text = name == "org.varlink.service" ? introspectionText : texts[name] else {
                        throw VarlinkErrorReply.interfaceNotFound(name)
                    }
                    return try VarlinkReply(["description": text])
                },
            ])
    }

    private struct Information: Encodable {
        let vendor: String
        let product: String
        let version: String
        let url: String
        let interfaces: [String]
    }

    private struct InterfaceName: Decodable {
        let interface: String
    }
}

private let introspectionText = """
    # What every Varlink service answers.
    interface org.varlink.service

    # Says who the service is and which interfaces it offers.
    method GetInfo() -> (
        vendor: string,
        product: string,
        version: string,
        url: string,
        interfaces: []string
    )

    # Gives the text of one interface.
    method GetInterfaceDescription(interface: string) -> (description: string)

    # There is no such interface.
    error InterfaceNotFound (interface: string)
    # The interface has no such method.
    error MethodNotFound (method: string)
    # The interface has the method, but this service does not.
    error MethodNotImplemented (method: string)
    # A parameter is missing or does not fit.
    error InvalidParameter (parameter: string)
    # The client may not call the method.
    error PermissionDenied ()
    # The method has to be called with more.
    error ExpectedMore ()

    """
