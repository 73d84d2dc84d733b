//! The conversation a person types: questions, and commands that begin with a slash.

use super::Session;
use crate::error::Error;

const HELP: &str = "\
  /model NAME        ask another model; without a name, say which one answers
  /models            list the server's models
  /system TEXT       set the system message; without text, remove it
  /set NAME VALUE    set a request parameter (temperature, max_tokens, seed, …; stream on|off)
                     without a value, unset it; without a name, list them
  /history           show what was said
  /clear             forget what was said
  /help              this list
  /exit              end (so does Ctrl-D)
";

/// Reads lines until the input ends or the user leaves. A failed question does not end the conversation.
pub(super) async fn run(session: &mut Session<'_, '_>) -> Result<(), Error> {
    let (url, model) = (session.client.url().clone(), session.conversation.model.clone());
    writeln!(session.terminal.out, "Talking to {model} at {url}. /help lists the commands, /exit ends.")?;
    loop {
        write!(session.terminal.out, "> ")?;
        session.terminal.out.flush()?;
        let mut line = String::new();
        if session.terminal.input.read_line(&mut line)? == 0 {
            writeln!(session.terminal.out)?;
            return Ok(());
        }
        let line = line.trim();
        let result = match line.strip_prefix('/') {
            _ if line.is_empty() => Ok(()),
            Some("exit" | "quit" | "q") => return Ok(()),
            Some(command) => obey(session, command).await,
            None => session.ask(line.to_owned()).await,
        };
        match result {
            Ok(()) => {}
            Err(error @ Error::Io(_)) => return Err(error),
            Err(error) => writeln!(session.terminal.err, "error: {error}")?,
        }
    }
}

/// Does what a slash command says.
async fn obey(session: &mut Session<'_, '_>, command: &str) -> Result<(), Error> {
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let conversation = &mut session.conversation;
    match name {
        "model" if rest.is_empty() => writeln!(session.terminal.out, "{}", conversation.model)?,
        "model" => rest.clone_into(&mut conversation.model),
        "models" => list_models(session).await?,
        "system" => conversation.system = (!rest.is_empty()).then(|| rest.to_owned()),
        "set" => set(session, rest)?,
        "history" => {
            for (role, text) in conversation.turns() {
                writeln!(session.terminal.out, "{role}: {text}")?;
            }
        }
        "clear" => conversation.clear(),
        "help" => session.terminal.out.write_all(HELP.as_bytes())?,
        _ => return Err(Error::Usage(format!("there is no command /{name}; /help lists them"))),
    }
    Ok(())
}

async fn list_models(session: &mut Session<'_, '_>) -> Result<(), Error> {
    let list = session.client.get_json("/v1/models").await?;
    for id in list["data"].as_array().into_iter().flatten().filter_map(|model| model["id"].as_str()) {
        writeln!(session.terminal.out, "{id}")?;
    }
    Ok(())
}

/// `stream on|off` is ours; every other name goes to the server as it is.
fn set(session: &mut Session<'_, '_>, pair: &str) -> Result<(), Error> {
    let conversation = &mut session.conversation;
    let (name, value) = pair.split_once(char::is_whitespace).unwrap_or((pair, ""));
    match (name, value.trim()) {
        ("", _) => {
            writeln!(session.terminal.out, "stream = {}", conversation.stream)?;
            for (name, value) in &conversation.parameters {
                writeln!(session.terminal.out, "{name} = {value}")?;
            }
        }
        ("stream", "on" | "true") => conversation.stream = true,
        ("stream", "off" | "false") => conversation.stream = false,
        ("stream", _) => return Err(Error::Usage("/set stream: expected on or off".to_owned())),
        ("model" | "messages", _) => {
            return Err(Error::Usage(format!("/set {name}: use /model, or just say it")));
        }
        (name, value) => conversation.set(name, value),
    }
    Ok(())
}
