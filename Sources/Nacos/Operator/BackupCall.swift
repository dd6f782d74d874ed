/// The call by which an operator gets a backup.
package enum BackupCall {
    /// A GET here is answered with the bytes of a fresh snapshot.
    package static let path = "/muster/v1/backup"
    /// The header field of the answer that says the last entry covered, as `term/index`.
    package static let entryField = "muster-last-entry"
}
