//! Derives the places of the situations in `test/conformance/places`: `places <directory>` reads them from stdin, as JSON, and looks at
//! the files of the nth below `<directory>/<n>`. One line of JSON for each.

use solod_client::domain::derive_place::{derive_place, Caller, Derivation, Home, Ignored};
use solod_client::domain::json::{self, quoted, Json};
use solod_client::domain::layout::place_of;
use solod_client::domain::ports::{Entry, Found};
use solod_client::domain::scope::{scope_text, Machine};
use solod_client::domain::short_root::short_root_of;
use solod_client::domain::trusted_path::Look;
use solod_client::protocol as p;
use solod_client::system::files;
use std::env;
use std::io::{self, Read};

/// The files of a situation: a tree that stands for the whole file system.
struct Tree(String);

impl Look for Tree {
    fn inspect(&self, path: &str) -> Found<Entry> {
        files::inspect(&format!("{}{path}", self.0))
    }

    fn read_link(&self, path: &str) -> Found<String> {
        files::read_link(&format!("{}{path}", self.0))
    }
}

fn main() {
    let directory = env::args().nth(1).expect("a directory");
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).expect("situations");
    let situations = match json::parse(&text) {
        Some(Json::List(situations)) => situations,
        _ => panic!("situations are a list"),
    };
    for (n, situation) in situations.iter().enumerate() {
        println!("{}", told(situation, &Tree(format!("{directory}/{n}"))));
    }
}

fn told(situation: &Json, tree: &Tree) -> String {
    let number = |of: Option<&Json>, name: &str| of.and_then(|of| of.number(name)).unwrap_or(0.0);
    let user_id = situation.number("userId").expect("a user") as u32;
    let env = |name: &str| situation.get("env").and_then(|env| env.text(name)).map(str::to_owned);
    let ids = env("SOLOD_SCOPE").filter(|word| !word.is_empty());
    let ids = ids.unwrap_or_else(|| situation.text("ids").unwrap_or_default().to_owned());
    let machine = situation.get("machine");
    let caller = Caller {
        user_id,
        env: &env,
        directory: situation.text("directory").unwrap_or_default(),
        home: &|| Home::Known(situation.text("userHome").map(str::to_owned)),
        scope: &|| scope_text(situation.text("boot").unwrap_or_default(), &ids),
        machine: &|| Machine {
            machine: machine.and_then(|of| of.text("machine")).unwrap_or_default().to_owned(),
            booted_ms: number(machine, "bootedMs"),
            wall_ms: number(machine, "wallMs"),
        },
    };
    let (derived, ignored) = derive_place(&caller, tree);
    let list: Vec<String> =
        ignored.iter().map(|(base, why)| ignored_text(&format!("{base:?}"), why)).collect();
    let label = situation.text("label").expect("a label");
    format!("{{{},\"ignored\":[{}]}}", fields(&derived, label, &caller, tree), list.join(","))
}

fn fields(derived: &Derivation, label: &str, caller: &Caller, tree: &Tree) -> String {
    match derived {
        Derivation::Place { base, asked, root, standing, scope } => {
            let place = place_of(root, label, &|| short_root_of(scope, caller, tree)).expect("a place");
            format!(
                "\"kind\":\"place\",\"base\":{},\"asked\":{},\"root\":{},\"standing\":{},\"directory\":{}",
                quoted(&kebab(&format!("{base:?}"))),
                quoted(asked),
                quoted(root),
                quoted(&kebab(&format!("{standing:?}"))),
                quoted(&place.directory)
            )
        }
        Derivation::NoHome => "\"kind\":\"no-home\"".to_owned(),
        Derivation::NoDirectory => "\"kind\":\"no-directory\"".to_owned(),
        Derivation::ScopeInvalid => "\"kind\":\"scope-invalid\"".to_owned(),
        Derivation::Distrusted { path, why } => {
            format!("\"kind\":\"distrusted\",\"path\":{},\"why\":{}", quoted(path), quoted(why_text(why)))
        }
        Derivation::Unknown => "\"kind\":\"unknown\"".to_owned(),
    }
}

fn ignored_text(base: &str, why: &Ignored) -> String {
    let why = match why {
        Ignored::Distrusted { .. } => "distrusted".to_owned(),
        other => kebab(&format!("{other:?}")),
    };
    quoted(&format!("{}: {why}", kebab(base)))
}

fn why_text(why: &str) -> &str {
    let texts = [
        (p::TEXT_DISTRUSTED_LINK, "link"),
        (p::TEXT_DISTRUSTED_NO_DIRECTORY, "no-directory"),
        (p::TEXT_DISTRUSTED_FOREIGN, "foreign"),
        (p::TEXT_DISTRUSTED_WRITABLE, "writable-by-others"),
        (p::TEXT_DISTRUSTED_ABOVE_FOREIGN, "above-foreign"),
        (p::TEXT_DISTRUSTED_ABOVE_WRITABLE, "above-writable"),
    ];
    texts.iter().find(|(text, _)| *text == why).map_or(why, |(_, kind)| kind)
}

/// `NewPart` as TypeScript writes it.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}
