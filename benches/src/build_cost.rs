//! What a server costs to build: its crates, the processor time of a clean release build, its binary; and what 200 tools
//! cost beside one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Error;
use crate::process::cpu_seconds_of_children;

/// How many tools make a large server.
const MANY: usize = 200;

/// Somebody's first server.
struct Hello {
    who: &'static str,
    source: &'static str,
    /// As in `Cargo.toml`; `{core}` is where our own crate is.
    dependencies: &'static str,
    /// How this many more tools are added to the source, where it has tools.
    tools: Option<fn(source: &str, more: usize) -> String>,
}

const HELLOS: [Hello; 3] = [
    Hello {
        who: "floor",
        source: include_str!("../hello/floor.rs"),
        dependencies: "
            axum = { version = \"0.8\", default-features = false, features = [\"http1\", \"tokio\"] }
            tokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }",
        tools: None,
    },
    Hello {
        who: "dari",
        source: include_str!("../hello/dari.rs"),
        dependencies: "
            dari = { path = \"{core}\" }
            tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }",
        tools: Some(tools_of_dari),
    },
    Hello {
        who: "rmcp",
        source: include_str!("../hello/rmcp.rs"),
        dependencies: "
            axum = { version = \"0.8\", default-features = false, features = [\"http1\", \"tokio\"] }
            rmcp = { version = \"3.11\", default-features = false, features = [\"macros\", \"server\", \"transport-streamable-http-server\"] }
            schemars = \"1\"
            serde = { version = \"1\", features = [\"derive\"] }
            tokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }",
        tools: Some(tools_of_rmcp),
    },
];

fn tools_of_dari(source: &str, more: usize) -> String {
    let mut source = source.to_owned();
    let mut names = String::from("hello");
    for number in 0..more {
        let tool = format!(
            "\n/// Does something.\n#[mcp_tool]\nasync fn tool_{number}(\n    /// What with.\n    text: String,\n    \
             #[arg(default = 1, range = 1..=9)] times: usize,\n) -> String {{\n    text.repeat(times)\n}}\n"
        );
        source += &tool;
        names += &format!(", tool_{number}");
    }
    source.replace("tools![hello]", &format!("tools![{names}]"))
}

fn tools_of_rmcp(source: &str, more: usize) -> String {
    let (mut parameters, mut tools) = (String::new(), String::new());
    for number in 0..more {
        parameters += &format!(
            "\n#[derive(serde::Deserialize, schemars::JsonSchema)]\nstruct Args{number} {{\n    /// What with.\n    \
             text: String,\n    #[serde(default)]\n    #[schemars(range(min = 1, max = 9))]\n    times: usize,\n}}\n"
        );
        tools += &format!(
            "\n    /// Does something.\n    #[tool]\n    async fn tool_{number}(&self, Parameters(args): \
             Parameters<Args{number}>) -> String {{\n        args.text.repeat(args.times)\n    }}\n"
        );
    }
    source.replacen("impl Server {\n", &format!("impl Server {{{tools}\n"), 1) + &parameters
}

/// A package outside the workspace, with the versions of the workspace's lock file.
struct Package(TempDir);

impl Package {
    fn new(hello: &Hello) -> Result<Self, Error> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let package = Self(TempDir::new()?);
        let core = workspace.join("core");
        let manifest = format!(
            "[package]\nname = \"hello\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.release]\nstrip = true\n\n\
             [dependencies]{}\n",
            hello.dependencies.replace("{core}", &core.to_string_lossy())
        );
        fs::write(package.0.path().join("Cargo.toml"), manifest)?;
        fs::copy(workspace.join("Cargo.lock"), package.0.path().join("Cargo.lock"))?;
        fs::create_dir(package.0.path().join("src"))?;
        package.write(hello.source)?;
        Ok(package)
    }

    fn write(&self, source: &str) -> Result<(), Error> {
        Ok(fs::write(self.0.path().join("src/main.rs"), source)?)
    }

    /// The output of a command of cargo's.
    fn cargo(&self, arguments: &[&str]) -> Result<String, Error> {
        let output =
            Command::new("cargo").args(arguments).current_dir(&self.0).env_remove("CARGO_TARGET_DIR").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// How many crates it is made of, itself among them.
    fn crates(&self) -> Result<usize, Error> {
        let tree = self.cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])?;
        let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        Ok(crates.len())
    }

    /// The processor time of what cargo still has to build, in seconds.
    fn build(&self, arguments: &[&str]) -> Result<f64, Error> {
        let before = cpu_seconds_of_children()?;
        self.cargo(&[&["build", "--quiet"], arguments].concat())?;
        Ok(cpu_seconds_of_children()? - before)
    }

    /// The size of the release binary, in MiB.
    fn binary(&self) -> Result<f64, Error> {
        Ok(fs::metadata(self.0.path().join("target/release/hello"))?.len() as f64 / 1024.0 / 1024.0)
    }
}

/// The table.
///
/// # Errors
///
/// A server does not build.
pub fn table() -> Result<String, Error> {
    let mut table = format!(
        "\n| a server with one tool | crates | clean release build, CPU s | stripped, MiB | \
         {MANY} more tools: dev build, CPU s | release build, CPU s |\n|---|---|---|---|---|---|\n"
    );
    for hello in &HELLOS {
        eprintln!("building {} …", hello.who);
        let package = Package::new(hello)?;
        let crates = package.crates()?;
        let (clean, binary) = (package.build(&["--release"])?, package.binary()?);
        write!(table, "| {} | {crates} | {clean:.0} | {binary:.1} |", hello.who)?;
        match hello.tools {
            None => writeln!(table, " | |")?,
            Some(with) => {
                let of_all = |profile: &[&str]| -> Result<f64, Error> {
                    package.write(hello.source)?;
                    package.build(profile)?;
                    package.write(&format!("{}\n", hello.source))?;
                    let one = package.build(profile)?;
                    package.write(&with(hello.source, MANY))?;
                    Ok(package.build(profile)? - one)
                };
                writeln!(table, " {:.1} | {:.1} |", of_all(&[])?, of_all(&["--release"])?)?;
            }
        }
    }
    Ok(table)
}
