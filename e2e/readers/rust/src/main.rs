//! Asks the AWS SDK for Rust: see ../../readers.ts for what goes in and out.
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};
use std::future::Future;
use std::io::BufRead;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn load(credentials: &str, config: &str) -> Option<EnvConfigSections> {
    let files = EnvConfigFiles::builder()
        .with_file(EnvConfigFileKind::Config, config)
        .with_file(EnvConfigFileKind::Credentials, credentials)
        .build();
    let (fs, env) = (Fs::real(), Env::from_slice(&[]));
    let mut loading = pin!(source::load(&env, &fs, &files));
    let loaded = loop {
        if let Poll::Ready(loaded) = loading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            break loaded;
        }
    };
    EnvConfigSections::parse(loaded.ok()?).ok()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> String {
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

fn read(sections: &Option<EnvConfigSections>, profile: &str) -> Option<String> {
    let profile = sections.as_ref()?.get_profile(profile)?;
    let (id, secret) = (profile.get("aws_access_key_id")?, profile.get("aws_secret_access_key")?);
    Some(format!("{}:{}", hex(id), hex(secret)))
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split('\t').collect();
        let sections = load(words[0], words[1]);
        let answers: Vec<String> = words[2]
            .split(',')
            .map(|name| read(&sections, &unhex(name)).unwrap_or("-".into()))
            .collect();
        println!("{}", answers.join(","));
    }
}
