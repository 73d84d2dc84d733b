//! Speaks a text into files of every format, for ears and for ffprobe: `speak FOLDER VOICE SPEED TEXT`.

use std::error::Error;
use std::path::PathBuf;

use fakeai_media::SoundFormat::{Aac, Flac, Mp3, Opus, Pcm16, Wav};
use fakeai_media::encode;
use fakeai_media::speech::{Voice, speak};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, voice, speed, text] = arguments.as_slice() else { return Err("FOLDER VOICE SPEED TEXT".into()) };
    let voice = Voice::named(voice).ok_or("no such voice")?;
    let sound = speak(text, voice, speed.parse()?);
    for (format, ending) in [(Wav, "wav"), (Mp3, "mp3"), (Flac, "flac"), (Opus, "opus"), (Aac, "aac"), (Pcm16, "pcm")] {
        std::fs::write(PathBuf::from(folder).join(format!("speech.{ending}")), encode(&sound, format)?)?;
    }
    Ok(())
}
