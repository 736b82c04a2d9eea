use super::json::{quoted, Json};
use super::ports::{Activity, Sighting};

/// What tells one process from every other, also from a later one with the same id. Empty text: not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub pid: i64,
    pub start_time: String,
    pub boot_id: String,
    pub pid_namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vitality {
    Alive,
    Dead,
    Unknown,
}

/// JavaScript's Number.MAX_SAFE_INTEGER.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

impl Identity {
    /// None for whatever no solod wrote.
    pub fn from_json(value: &Json) -> Option<Identity> {
        let pid = value.number("pid")?;
        if pid.fract() != 0.0 || pid <= 0.0 || pid > SAFE_INTEGER_MAX {
            return None;
        }
        Some(Identity {
            pid: pid as i64,
            start_time: value.text("startTime")?.to_owned(),
            boot_id: value.text("bootId")?.to_owned(),
            pid_namespace: value.text("pidNamespace")?.to_owned(),
        })
    }

    /// The members of a JSON object, without its braces.
    pub fn members(&self) -> String {
        format!(
            "\"pid\":{},\"startTime\":{},\"bootId\":{},\"pidNamespace\":{}",
            self.pid,
            quoted(&self.start_time),
            quoted(&self.boot_id),
            quoted(&self.pid_namespace)
        )
    }

    /// Another process as this one sees it.
    pub fn of_child(&self, pid: i64, start_time: &str) -> Identity {
        Identity { pid, start_time: start_time.to_owned(), ..self.clone() }
    }
}

/// Whether the process that wrote its identity down still lives. Definitive answers only where the evidence is.
pub fn vitality_of(who: &Identity, observer: &Identity, seen: &Sighting) -> Vitality {
    if !who.boot_id.is_empty() && !observer.boot_id.is_empty() && who.boot_id != observer.boot_id {
        return Vitality::Dead;
    }
    if who.pid_namespace != observer.pid_namespace {
        return Vitality::Unknown;
    }
    match seen {
        Sighting::Gone => Vitality::Dead,
        Sighting::Hidden => Vitality::Unknown,
        Sighting::Present { activity: Activity::Zombie, .. } => Vitality::Dead,
        Sighting::Present { start_time, .. } if who.start_time.is_empty() || start_time.is_empty() => {
            Vitality::Unknown
        }
        Sighting::Present { start_time, .. } if who.start_time == *start_time => Vitality::Alive,
        Sighting::Present { .. } => Vitality::Dead,
    }
}
