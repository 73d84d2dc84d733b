//! Writes pictures to look at, and says how long they took: `cargo run --release -p fakeai-media --example gallery DIR`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a tool that measures and tells")]

use std::path::PathBuf;
use std::time::Instant;

use fakeai_media::Writing;
use fakeai_media::art::{Edit, Look, Sketch, edit, paint, unfinished, vary};

const PROMPTS: &[&str] = &[
    "A cute baby sea otter",
    "Sunset over snowy mountains with a lake",
    "A white siamese cat with a red hat",
    "Neon cyberpunk city skyline at night",
    "A lighthouse on the coast, blue morning",
    "An enchanted forest in the mist",
    "Portrait of a queen in emerald green",
    "Vase of pink flowers and fruit on a table",
    "Topographic map of a treasure island",
    "Bar chart of yearly sales",
    "Bauhaus geometric composition",
    "Abstract flowing dream in purple",
    "Galaxy with a ringed planet",
    "Hot air balloons over a desert canyon",
    "A robot reading a book",
    "A beach with palm trees and a sailboat",
    "A poster saying \"Hello world\" with mountains",
    "A cup of coffee in the morning",
];

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let (mut painted, mut written) = (0, 0);
    for (place, prompt) in PROMPTS.iter().enumerate() {
        let started = Instant::now();
        let sketch = Sketch { prompt, width: 1024, height: 1024, seed: 42, look: Look::default(), caption: "" };
        let picture = paint(&sketch);
        let paint_us = started.elapsed().as_micros();
        let bytes = picture.encode(Writing::Png).unwrap_or_default();
        let all_us = started.elapsed().as_micros();
        println!("{paint_us:>7} µs painted, {all_us:>7} µs with PNG, {:>8} bytes: {prompt}", bytes.len());
        (painted, written) = (painted + paint_us, written + all_us);
        std::fs::write(folder.join(format!("{place:02}.png")), bytes)?;
    }
    let count = PROMPTS.len() as u128;
    println!("mean: {} µs painted, {} µs with PNG", painted / count, written / count);
    let sketch = Sketch { prompt: PROMPTS[1], width: 1024, height: 1024, seed: 42, look: Look::default(), caption: "" };
    let source = paint(&sketch);
    let mut mask = fakeai_media::Picture::filled(1024, 1024, [0, 0, 0, 255]);
    for (at, pixel) in mask.rgba.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((at % 1024) as f32 - 700.0, (at / 1024) as f32 - 650.0);
        pixel[3] = if x * x + y * y < 200.0 * 200.0 { 0 } else { 255 };
    }
    let wanted = Edit {
        source: &source,
        mask: Some(&mask),
        others: &[],
        prompt: "an orange fox",
        seed: 1,
        width: 1024,
        height: 1024,
        look: Look::default(),
    };
    for (name, make) in [
        ("edit", &(|| edit(&wanted)) as &dyn Fn() -> fakeai_media::Picture),
        ("night", &|| edit(&Edit { mask: None, prompt: "at night", ..wanted })),
        ("others", &|| {
            edit(&Edit {
                mask: None,
                prompt: "put them together",
                others: &[source.clone(), vary(&source, 512, 512, 1)],
                ..wanted
            })
        }),
        ("vary", &|| vary(&source, 1024, 1024, 5)),
        ("partial", &|| unfinished(&source, 1, 3)),
    ] {
        let started = Instant::now();
        let picture = make();
        println!("{:>7} µs {name}", started.elapsed().as_micros());
        std::fs::write(folder.join(format!("{name}.png")), picture.encode(Writing::Png).unwrap_or_default())?;
    }
    for writing in [Writing::Jpeg(85), Writing::WebP(100)] {
        let started = Instant::now();
        let bytes = source.encode(writing).unwrap_or_default();
        println!("{:>7} µs {writing:?}, {} bytes", started.elapsed().as_micros(), bytes.len());
    }
    Ok(())
}
