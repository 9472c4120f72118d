internal import GRDB

/// Reads a row's columns without trusting them: the file may have been damaged or edited.
struct Columns {
    let row: Row

    /// A column that cannot be what it should be.
    struct Damage: Error, CustomStringConvertible {
        let column: String
        let value: DatabaseValue

        var description: String {
            "column '\(column)' holds \(value), which has no meaning there (\(SQLiteLeaseStore.damageHint))"
        }
    }

    /// A value that must be there.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value: Value = try optional(column) else { throw Damage(column: column, value: .null) }
        return value
    }

    /// A value that may be NULL.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        // A typed subscript of Row would trap on a wrong type or an integer out of range.
        guard let raw: DatabaseValue = row[column], !raw.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(raw) else { throw Damage(column: column, value: raw) }
        return value
    }

    /// A value that must be there and have a meaning.
    func converted<Raw: DatabaseValueConvertible, Value>(_ column: String, _ convert: (Raw) -> Value?) throws -> Value {
        let raw: Raw = try value(column)
        guard let value = convert(raw) else { throw Damage(column: column, value: raw.databaseValue) }
        return value
    }

    /// Text that must be there and have a meaning.
    func parsed<Value>(_ column: String, _ parse: (String) -> Value?) throws -> Value {
        guard let value = try optionalParsed(column, parse) else { throw Damage(column: column, value: .null) }
        return value
    }

    /// Text that may be NULL, but has a meaning where it is not.
    func optionalParsed<Value>(_ column: String, _ parse: (String) -> Value?) throws -> Value? {
        guard let text: String = try optional(column) else { return nil }
        guard let value = parse(text) else { throw Damage(column: column, value: text.databaseValue) }
        return value
    }
}
