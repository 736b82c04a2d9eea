use super::ports::{Cause, Connecting};

/// What a connection attempt says about the listener behind the name. What the table does not know counts as alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Alive,
    /// No socket of that name.
    Absent,
    /// There is a name, and nobody will ever listen behind it.
    Dead,
    Unknown(Cause),
}

/// The table for Linux; the sources of each line stand in `src/domain/evidence/connect-verdict.ts`.
pub fn judge_connect(reading: &Connecting) -> Verdict {
    let cause = match reading {
        Connecting::Connected => return Verdict::Alive,
        Connecting::Errno(cause) => cause,
    };
    match cause.code.as_str() {
        "ENOENT" => Verdict::Absent,
        "ENOTDIR" | "ELOOP" | "EPROTOTYPE" | "ECONNREFUSED" => Verdict::Dead,
        "EINPROGRESS" | "ECONNRESET" | "EPIPE" | "EAGAIN" => Verdict::Alive,
        _ => Verdict::Unknown(cause.clone()),
    }
}
