//! `fakeai chat`: a conversation with a running server, or one question.

mod answer;
mod conversation;
mod repl;

use clap::{Arg, ArgAction, ArgMatches, Command};
use fakeai_core::Clock;

use super::World;
use crate::client::Client;
use crate::error::Error;
use crate::terminal::Terminal;

use answer::Answer;
use conversation::Conversation;

pub(super) fn command() -> Command {
    let option = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    Command::new("chat")
        .visible_alias("interactive")
        .about("Chat with a running server")
        .arg(Arg::new("question").num_args(0..).help("One question; without it, a conversation begins"))
        .arg(option("model", "MODEL").default_value("gpt-4o-mini").help("The model that answers"))
        .arg(option("system", "TEXT").help("The system message"))
        .arg(option("set", "NAME=VALUE").action(ArgAction::Append).help("A request parameter, such as temperature=0.2"))
        .arg(Arg::new("no-stream").long("no-stream").action(ArgAction::SetTrue).help("Wait for the whole answer"))
        .arg(super::url_arg())
        .after_help(
            "\
Input from a pipe is put behind the question, or is the question. In a conversation, /help lists its commands.

Examples:
  fakeai chat
  fakeai chat \"What is a token?\" --model gpt-4o --set max_tokens=60
  cat notes.txt | fakeai chat \"Summarise:\"",
        )
}

/// What a chat needs besides its words.
struct Session<'a, 't> {
    client: Client,
    clock: Clock,
    conversation: Conversation,
    terminal: &'a mut Terminal<'t>,
}

pub(super) async fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let mut conversation = Conversation::new(text("model").unwrap_or_default(), text("system"));
    conversation.stream = !matches.get_flag("no-stream");
    for pair in matches.get_many::<String>("set").into_iter().flatten() {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| Error::Usage(format!("--set {pair}: expected NAME=VALUE")))?;
        conversation.set(name, value);
    }
    let client = super::client(matches, &world.env)?;
    let mut session = Session { client, clock: Clock::system()?, conversation, terminal: &mut *world.terminal };
    let words: Vec<&str> = matches.get_many::<String>("question").into_iter().flatten().map(String::as_str).collect();
    if words.is_empty() && session.terminal.input_is_terminal {
        return repl::run(&mut session).await;
    }
    let question = session.question(&words.join(" "))?;
    session.ask(question).await?;
    Ok(())
}

impl Session<'_, '_> {
    /// The words of the command line, then what a pipe brings.
    fn question(&mut self, words: &str) -> Result<String, Error> {
        let mut piped = String::new();
        if !self.terminal.input_is_terminal {
            self.terminal.input.read_to_string(&mut piped)?;
        }
        let parts: Vec<&str> = [words, piped.trim_end()].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Err(Error::Usage("there is no question: neither an argument nor a piped text".to_owned()));
        }
        Ok(parts.join("\n\n"))
    }

    /// Asks, prints the answer as it comes, and remembers both.
    async fn ask(&mut self, question: String) -> Result<(), Error> {
        let request = self.conversation.request(&question);
        let begun = self.clock.now();
        let body = self.client.post("/v1/chat/completions", request).await?;
        let answer = if body.is_stream {
            Answer::streamed(body, &self.clock, self.terminal.out).await?
        } else {
            Answer::whole(body, &self.clock, self.terminal.out).await?
        };
        writeln!(self.terminal.err, "[{}]", answer.figures(begun))?;
        self.conversation.remember(question, answer.text);
        Ok(())
    }
}
